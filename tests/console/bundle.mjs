// A bundle of its own for each test file, and an administrator who signs as the pages do.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Signer } from "../../console/sigv4.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const signer = Signer.of({ accessKeyId: "local", secretAccessKey: "local" });

/** Starts a bundle on a free port: `parameters` of the template (`Name=value`), a `data` file for its table. */
export async function startBundle({ parameters = [], data } = {}) {
  const options = [
    "--port",
    "0",
    ...parameters.flatMap((text) => ["--parameter", text]),
    ...(data ? ["--data", data] : []),
  ];
  const [command, before] = process.env.SEVER_SERVER
    ? [process.env.SEVER_SERVER, []]
    : ["cargo", ["run", "--quiet", "--"]];
  const server = spawn(command, [...before, ...options], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  server.stderr.on("data", (text) => (log += text));
  const ended = once(server, "exit");
  process.once("exit", () => server.kill());
  const bundle = await Promise.race([
    ready(server),
    ended.then(() => Promise.reject(new Error(`the bundle has ended: ${log}`))),
  ]);
  return {
    origin: bundle,
    bundle,
    invoke: (name, command) => invoke(bundle, name, command),
    /** What it has logged until now. */
    log: () => log,
    async close() {
      server.kill();
      await ended;
    },
  };
}

async function ready(server) {
  for await (const line of createInterface(server.stdout)) {
    const origin = /^Sever is listening on (\S+)$/.exec(line)?.[1];
    if (origin) return origin;
  }
  return new Promise(() => {});
}

async function invoke(origin, name, command) {
  const url = new URL(`/2015-03-31/functions/${name}:direct/invocations`, origin);
  const body = JSON.stringify(command);
  const headers = await (await signer).headers({ url, body, service: "lambda", region: "us-east-1", now: Date.now() });
  const answer = await (await fetch(url, { method: "POST", headers, body })).json();
  if (answer.status !== "OK") throw new Error(`${name} ${body}: ${JSON.stringify(answer)}`);
  return answer;
}

/** Opens `count` sessions; answers their handles in the order of their making. */
export async function openSessions({ invoke }, count, command) {
  const handles = [];
  for (let opened = 0; opened < count; opened += 1) {
    handles.push((await invoke("create-session", command)).session.handle);
  }
  return handles;
}

/** The handles of all live sessions of a user. */
export async function liveHandles({ invoke }, userId) {
  return (await invoke("list-sessions", { userId, limit: 100 })).sessions.map(({ handle }) => handle).sort();
}
