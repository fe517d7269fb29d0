// What is served, with which headers, and that the policy in them holds.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { startBundle } from "./bundle.mjs";
import { launch, open } from "./browser.mjs";

const root = new URL("../../", import.meta.url);
const TYPES = { html: "text/html", js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
let bundle, browser;
before(async () => ([bundle, browser] = await Promise.all([startBundle(), launch()])));
after(async () => {
  await browser?.close();
  await bundle?.close();
});

async function files(folder) {
  return (await readdir(new URL(folder, root))).filter((name) => !name.endsWith(".md"));
}

async function assertServed(path, file) {
  const answer = await fetch(bundle.origin + path);
  assert.equal(answer.status, 200, path);
  assert.equal(await answer.text(), await readFile(new URL(file, root), "utf8"), path);
  const headers = Object.fromEntries(answer.headers);
  assert.equal(headers["content-type"], `${TYPES[file.split(".").pop()] ?? "text/plain"}; charset=utf-8`, path);
  for (const [name, value] of Object.entries({
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
  }))
    assert.equal(headers[name], value, `${path}: ${name}`);
  const policy = Object.fromEntries(
    headers["content-security-policy"].split("; ").map((part) => [part.split(" ")[0], part]),
  );
  const connect = path.startsWith("/console/") ? "'self' https://*.amazonaws.com https://*.amazonaws.com.cn" : "'self'";
  assert.deepEqual(policy, {
    "default-src": "default-src 'none'",
    "script-src": "script-src 'self'",
    "style-src": "style-src 'self'",
    "img-src": "img-src 'self'",
    "connect-src": `connect-src ${connect}`,
    "base-uri": "base-uri 'none'",
    "form-action": "form-action 'none'",
    "frame-ancestors": "frame-ancestors 'none'",
    "require-trusted-types-for": "require-trusted-types-for 'script'",
    "trusted-types": "trusted-types 'none'",
  });
}

test("every file is served as it is, and nothing else of the folders", async () => {
  await assertServed("/console/", "console/index.html");
  for (const name of await files("console/"))
    if (name !== "index.html") await assertServed(`/console/${name}`, `console/${name}`);
  await assertServed("/", "local/demo/index.html");
  for (const name of await files("local/demo/"))
    if (name !== "index.html") await assertServed(`/demo/${name}`, `local/demo/${name}`);
  await assertServed("/README.md", "README.md");
  for (const path of [
    "/console/nothing.js",
    "/console/../Cargo.toml",
    "/console/%2e%2e/Cargo.toml",
    "/demo/",
    "/demo/../../Cargo.toml",
  ]) {
    assert.notEqual((await fetch(bundle.origin + path)).status, 200, path);
  }
});

test("curl -I of a page answers as GET does, without the content", async () => {
  for (const path of ["/", "/demo/demo.js", "/README.md", "/console", "/console/", "/console/icon.svg"]) {
    const [get, head] = await Promise.all(
      ["GET", "HEAD"].map((method) => fetch(bundle.origin + path, { method, redirect: "manual" })),
    );
    const own = ([name]) => !["connection", "date"].includes(name);
    const headers = (answer) => Object.fromEntries([...answer.headers].filter(own));
    assert.equal(head.status, get.status, path);
    assert.deepEqual(headers(head), headers(get), path);
    assert.equal(await head.text(), "", path);
  }
  // As on AWS, a route of the API takes the methods that the template names.
  for (const path of ["/whoami", "/auth/jwt/jwks.json"])
    assert.equal((await fetch(bundle.origin + path, { method: "HEAD" })).status, 405, path);
});

test("/console leads to /console/", async () => {
  const answer = await fetch(`${bundle.origin}/console`, { redirect: "manual" });
  assert.deepEqual([answer.status, answer.headers.get("location")], [308, "/console/"]);
});

for (const path of ["/console/", "/"]) {
  test(`no inline script, style, markup or other origin passes the policy of ${path}`, async () => {
    const watched = await open(browser, bundle);
    const page = await watched.page(path);
    const [violated, title] = await page.evaluate(async (expected) => {
      const seen = new Set();
      const all = new Promise((resolve) => {
        document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => {
          seen.add(effectiveDirective);
          if (seen.size === expected) resolve();
        });
      });
      const [script, style, image] = ["script", "style", "img"].map((name) => document.createElement(name));
      // Refused for want of a trusted type, before the policy for scripts is asked.
      script.append("document.title = 'taken'");
      style.textContent = "body { display: none }";
      image.src = "https://example.com/x.png";
      document.body.append(script, style, image);
      document.body.setAttribute("style", "color: red");
      await fetch("https://example.com/").catch(() => {});
      try {
        document.body.innerHTML = "<p>taken";
      } catch {
        // A trusted type is required.
      }
      await all;
      return [[...seen].sort(), document.title];
    }, 5);
    const expected = ["connect-src", "img-src", "require-trusted-types-for", "style-src-attr", "style-src-elem"];
    assert.deepEqual(violated, expected);
    assert.notEqual(title, "taken");
    assert.ok(watched.seen.length > 0, "what the other tests are held to has noticed");
    await watched.context.close();
  });
}
