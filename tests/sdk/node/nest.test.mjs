import "reflect-metadata";
import { Catch, Controller, Get, Module, Post, Req, Res, UseGuards } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { create, lifecycle, routes, view } from "./lifecycle.mjs";
import { sendTo } from "./support.mjs";

/** What `@Get("/session") @UseGuards(Guard) name(@Req() req, @Res({ passthrough: true }) res) {}` compiles to. */
function handle(Class, name, { method, path, guard }, call) {
  Class.prototype[name] = call;
  Req()(Class.prototype, name, 0);
  Res({ passthrough: true })(Class.prototype, name, 1);
  const descriptor = Object.getOwnPropertyDescriptor(Class.prototype, name);
  if (guard) UseGuards(guard)(Class.prototype, name, descriptor);
  (method === "GET" ? Get : Post)(path)(Class.prototype, name, descriptor);
}

/** The guard of SuperTokens' documentation for NestJS. */
function guardOf(sdk, options) {
  return class AuthGuard {
    async canActivate(context) {
      const [request, response] = [context.switchToHttp().getRequest(), context.switchToHttp().getResponse()];
      let refusal;
      await sdk.verifySession(options)(request, response, (error) => (refusal = error));
      if (response.headersSent) return false;
      if (refusal) throw refusal;
      return true;
    }
  };
}

function filterOf(sdk) {
  const handler = sdk.framework.errorHandler();
  class SuperTokensFilter {
    catch(error, host) {
      const response = host.switchToHttp().getResponse();
      if (response.headersSent) return;
      handler(error, host.switchToHttp().getRequest(), response, host.switchToHttp().getNext());
    }
  }
  Catch(sdk.load("").Error)(SuperTokensFilter);
  return new SuperTokensFilter();
}

lifecycle("NestJS", "express", async (sdk) => {
  class Routes {}
  handle(Routes, "create", { method: "POST", path: "/create" }, async (req, res) => {
    res.status(200);
    return view(await create(sdk, req, res, req.query.userId));
  });
  for (const [index, { method, path, options, act }] of routes.entries()) {
    handle(Routes, `route${index}`, { method, path, guard: guardOf(sdk, options) }, async (req, res) => {
      await act(req.session);
      res.status(200);
      return view(req.session);
    });
  }
  Controller()(Routes);
  class Root {}
  Module({ controllers: [Routes] })(Root);
  const app = await NestFactory.create(Root, { logger: false });
  app.use(sdk.framework.middleware());
  app.useGlobalFilters(filterOf(sdk));
  await app.listen(0, "127.0.0.1");
  const close = async () => {
    app.getHttpServer().closeAllConnections();
    await app.close();
  };
  return { send: sendTo(`http://127.0.0.1:${app.getHttpServer().address().port}`), close };
});
