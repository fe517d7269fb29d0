// A Sever, the website of examples/browser beside it, and how they are placed: on one origin, two ports, two sites.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const example = path.join(root, "examples/browser");
const requireFromExample = createRequire(path.join(example, "package.json"));
const vite = path.join(path.dirname(requireFromExample.resolve("vite/package.json")), "bin/vite.js");

/** Host names of website, Sever and backend, and what Sever must know of it. All of them are this machine. */
export const places = {
  "one origin": { website: "127.0.0.1", sever: "127.0.0.1", backend: "127.0.0.1", proxied: true },
  "another port": { website: "127.0.0.1", sever: "127.0.0.1", backend: "127.0.0.1" },
  "another site": {
    website: "localhost",
    sever: "127.0.0.1",
    backend: "127.0.0.1",
    // A browser takes SameSite=None with Secure alone, and counts this machine as secure.
    parameters: { CookieSameSite: "none", CookieSecure: "true" },
  },
  "one domain": {
    website: "www.shop.localhost",
    sever: "auth.shop.localhost",
    backend: "www.shop.localhost",
    sessionDomain: ".shop.localhost",
    parameters: { CookieDomain: ".shop.localhost" },
  },
};

/** Starts it all; Sever with what the place needs, and its defaults. `close` ends what was started. */
export async function startWorld(place) {
  const { website, sever, backend, proxied, sessionDomain, parameters: placed = {} } = places[place];
  const scratch = await mkdtemp(path.join(tmpdir(), "sever-browser-"));
  const [websitePort, severPort, frontPort] = await freePorts(3);
  const front = proxied && (await startFront(frontPort, severPort, websitePort));
  const websiteOrigin = `http://${website}:${proxied ? frontPort : websitePort}`;
  const severOrigin = proxied ? websiteOrigin : `http://${sever}:${severPort}`;
  const backendOrigin = proxied ? websiteOrigin : `http://${backend}:${websitePort}`;
  const world = {
    website: websiteOrigin,
    sever: severOrigin,
    /** Sever, for Node: it knows no `*.localhost`. */
    direct: `http://127.0.0.1:${severPort}`,
    log: () => world.process.log,
    /** Ends Sever and starts it with other parameters, on the same table: sessions go on. */
    async restart(others) {
      await world.process.end();
      const all = { ApiDomain: severOrigin, WebsiteDomain: websiteOrigin, ...placed, ...others };
      world.process = await startSever(severPort, path.join(scratch, "sever.db"), all);
    },
    async close() {
      front?.close();
      await Promise.all([world.process.end(), site?.end()]);
      await rm(scratch, { recursive: true });
    },
  };
  const env = {
    ...process.env,
    SEVER: world.direct,
    WEBSITE_DOMAIN: websiteOrigin,
    VITE_API_DOMAIN: severOrigin,
    VITE_BACKEND_DOMAIN: backendOrigin,
    ...(sessionDomain && { VITE_SESSION_DOMAIN: sessionDomain }),
  };
  world.process = { end: async () => {} };
  const dist = path.join(scratch, "dist");
  const built = run(process.execPath, [vite, "build", "--logLevel", "error", "--outDir", dist], { cwd: example, env });
  await Promise.all([world.restart({}), built.ended()]);
  const serve = [vite, "preview", "--outDir", dist, "--port", String(websitePort)];
  const site = run(process.execPath, serve, { cwd: example, env });
  await site.answers(`http://127.0.0.1:${websitePort}/`);
  return world;
}

async function startSever(port, table, parameters) {
  const [program, ...before] = process.env.SEVER_SERVER ? [process.env.SEVER_SERVER] : ["cargo", "run", "--quiet", "--"];
  const after = Object.entries(parameters).flatMap(([name, value]) => ["--parameter", `${name}=${value}`]);
  const server = run(program, [...before, "--port", String(port), "--data", table, ...after], { cwd: root });
  await server.answers(`http://127.0.0.1:${port}/core/hello`);
  return server;
}

/** A program; what it writes is kept, and shown when it ends by itself with a failure. */
function run(program, args, options) {
  const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const orphan = () => child.kill();
  process.once("exit", orphan);
  const over = new Promise((resolve) => child.on("error", resolve).on("exit", resolve));
  const failed = async () => new Error(`${program} ${args.join(" ")}: ${await over}\n${started.log}`);
  const started = {
    log: "",
    async ended() {
      if ((await over) !== 0) throw await failed();
    },
    async answers(url) {
      let ended = false;
      over.then(() => (ended = true));
      await until(async () => {
        if (ended) throw await failed();
        return fetch(url).then((response) => response.ok, () => false);
      }, 60);
    },
    async end() {
      child.kill();
      await over;
      process.off("exit", orphan);
    },
  };
  for (const output of [child.stdout, child.stderr]) output.on("data", (text) => (started.log += text));
  return started;
}

/** What a CDN does that serves website and API on one host. */
async function startFront(port, sever, website) {
  const server = createServer((incoming, answer) => {
    const toSever = /^\/(auth|whoami)\b/.test(incoming.url);
    const { method, url, headers } = incoming;
    const options = { host: "127.0.0.1", port: toSever ? sever : website, path: url, method, headers };
    const onward = request(options, (response) => {
      answer.writeHead(response.statusCode, response.rawHeaders);
      response.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    incoming.pipe(onward);
  });
  await once(server.listen(port, "127.0.0.1"), "listening");
  return { close: () => (server.close(), server.closeAllConnections()) };
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

/** Asks again until the answer is good. */
export async function until(ask, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`not within ${seconds} seconds: ${ask}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
