import express from "express";
import { create, lifecycle, routes, view } from "./lifecycle.mjs";
import { serve } from "./support.mjs";

lifecycle("Express", "express", async (sdk) => {
  const app = express();
  app.use(sdk.framework.middleware());
  app.post("/create", async (req, res) => {
    res.json(view(await create(sdk, req, res, req.query.userId)));
  });
  for (const { method, path, options, act } of routes) {
    app[method.toLowerCase()](path, sdk.verifySession(options), async (req, res) => {
      await act(req.session);
      res.json(view(req.session));
    });
  }
  app.use(sdk.framework.errorHandler());
  return serve(app);
});
