// Next.js: its own request and response objects call the handlers of an application. Nothing is built.
import http from "node:http";
import { createRequire } from "node:module";
import { create, lifecycle, routes, view } from "./lifecycle.mjs";
import { answered, serve } from "./support.mjs";

const require = createRequire(import.meta.url);
const { NextRequest, NextResponse } = require("next/server");
const { apiResolver } = require("next/dist/server/api-utils/node/api-resolver");

const isAuth = (pathname) => pathname.startsWith("/auth/");

lifecycle("Next.js, pages directory", "express", async (sdk) => {
  const { superTokensNextWrapper } = sdk.load("/nextjs");
  // The files below pages/api, as they stand in an application.
  const pages = {
    "POST /create": async (req, res) => {
      const session = await superTokensNextWrapper(() => create(sdk, req, res, req.query.userId), req, res);
      res.json(view(session));
    },
  };
  for (const { method, path, options, act } of routes) {
    pages[`${method} ${path}`] = async (req, res) => {
      await superTokensNextWrapper((next) => sdk.verifySession(options)(req, res, next), req, res);
      await superTokensNextWrapper(() => act(req.session), req, res);
      res.json(view(req.session));
    };
  }
  const auth = async (req, res) => {
    await superTokensNextWrapper(
      async (next) => {
        res.setHeader("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate");
        await sdk.framework.middleware()(req, res, next);
      },
      req,
      res,
    );
    if (!res.writableEnded) res.status(404).send("Not found");
  };
  const server = http.createServer((req, res) => {
    const { pathname, searchParams } = new URL(req.url, "http://127.0.0.1");
    const handler = isAuth(pathname) ? auth : pages[`${req.method} ${pathname}`];
    const secrets = { previewModeId: "i", previewModeEncryptionKey: "e", previewModeSigningKey: "s" };
    const page = { default: handler, config: { api: { externalResolver: true } } };
    apiResolver(req, res, Object.fromEntries(searchParams), page, { ...secrets, dev: false }, false);
  });
  return serve(server);
});

lifecycle("Next.js, app directory", "custom", async (sdk) => {
  const { getAppDirRequestHandler, withPreParsedRequestResponse, withSession } = sdk.load("/nextjs");
  const auth = getAppDirRequestHandler();
  // The exports of the files route.js below app/.
  const handlers = {
    "POST /create": (request) =>
      withPreParsedRequestResponse(request, async (base, response) => {
        const session = await create(sdk, base, response, request.nextUrl.searchParams.get("userId"));
        return NextResponse.json(view(session));
      }),
  };
  for (const { method, path, options, act } of routes) {
    handlers[`${method} ${path}`] = (request) =>
      withSession(
        request,
        async (error, session) => {
          if (error) return NextResponse.json({ error: error.message }, { status: 500 });
          await act(session);
          return NextResponse.json(view(session));
        },
        options,
      );
  }
  const send = async (method, target, headers) => {
    const request = new NextRequest(new URL(target, "http://127.0.0.1"), { method, headers });
    const handler = isAuth(request.nextUrl.pathname) ? auth : handlers[`${method} ${request.nextUrl.pathname}`];
    return answered(await handler(request));
  };
  return { send, close: async () => {} };
});
