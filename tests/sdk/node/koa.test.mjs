import Router from "@koa/router";
import Koa from "koa";
import { create, lifecycle, routes, view } from "./lifecycle.mjs";
import { serve } from "./support.mjs";

lifecycle("Koa", "koa", async (sdk) => {
  const app = new Koa();
  app.use(sdk.framework.middleware());
  const router = new Router();
  router.post("/create", async (ctx) => {
    ctx.body = view(await create(sdk, ctx, ctx, ctx.query.userId));
  });
  for (const { method, path, options, act } of routes) {
    router[method.toLowerCase()](path, sdk.verifySession(options), async (ctx) => {
      await act(ctx.session);
      ctx.body = view(ctx.session);
    });
  }
  app.use(router.routes());
  return serve(app);
});
