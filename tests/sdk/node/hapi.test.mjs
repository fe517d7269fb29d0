import Hapi from "@hapi/hapi";
import { create, lifecycle, routes, view } from "./lifecycle.mjs";
import { sendTo } from "./support.mjs";

lifecycle("Hapi", "hapi", async (sdk) => {
  const server = Hapi.server({ port: 0, host: "127.0.0.1" });
  await server.register(sdk.framework.plugin);
  server.route({
    method: "POST",
    path: "/create",
    handler: async (req, h) => view(await create(sdk, req, h, req.query.userId)),
  });
  for (const { method, path, options, act } of routes) {
    server.route({
      method,
      path,
      options: { pre: [{ method: sdk.verifySession(options) }] },
      handler: async (req) => {
        await act(req.session);
        return view(req.session);
      },
    });
  }
  await server.start();
  return { send: sendTo(server.info.uri), close: () => server.stop({ timeout: 0 }) };
});
