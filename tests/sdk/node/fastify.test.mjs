import fastify from "fastify";
import { create, lifecycle, routes, view } from "./lifecycle.mjs";
import { sendTo } from "./support.mjs";

lifecycle("Fastify", "fastify", async (sdk) => {
  const app = fastify({ forceCloseConnections: true });
  app.setErrorHandler(sdk.framework.errorHandler());
  await app.register(sdk.framework.plugin);
  app.post("/create", async (req, reply) => view(await create(sdk, req, reply, req.query.userId)));
  for (const { method, path, options, act } of routes) {
    app.route({
      method,
      url: path,
      preHandler: sdk.verifySession(options),
      handler: async (req) => {
        await act(req.session);
        return view(req.session);
      },
    });
  }
  const origin = await app.listen({ port: 0, host: "127.0.0.1" });
  return { send: sendTo(origin), close: () => app.close() };
});
