import "reflect-metadata";
import { inject, intercept } from "@loopback/core";
import { get, MiddlewareBindings, post, RestApplication } from "@loopback/rest";
import { create, lifecycle, routes, view } from "./lifecycle.mjs";
import { sendTo } from "./support.mjs";

/** What `@intercept(interceptor) @get(path) name() {}` compiles to. */
function operation(Class, name, { method, path, interceptor }, call) {
  Class.prototype[name] = call;
  const descriptor = Object.getOwnPropertyDescriptor(Class.prototype, name);
  if (interceptor) intercept(interceptor)(Class.prototype, name, descriptor);
  (method === "GET" ? get : post)(path)(Class.prototype, name, descriptor);
}

lifecycle("LoopBack 4", "loopback", async (sdk) => {
  class Controller {
    constructor(context) {
      this.context = context;
    }
  }
  inject(MiddlewareBindings.CONTEXT)(Controller, undefined, 0);
  operation(Controller, "create", { method: "POST", path: "/create" }, async function () {
    return view(await create(sdk, this.context, this.context, this.context.request.query.userId));
  });
  for (const [index, { method, path, options, act }] of routes.entries()) {
    const interceptor = sdk.verifySession(options);
    operation(Controller, `route${index}`, { method, path, interceptor }, async function () {
      await act(this.context.session);
      return view(this.context.session);
    });
  }
  const app = new RestApplication({ rest: { host: "127.0.0.1", port: 0, gracePeriodForClose: 0 } });
  app.middleware(sdk.framework.middleware);
  app.controller(Controller);
  await app.start();
  return { send: sendTo(app.restServer.url), close: () => app.stop() };
});
