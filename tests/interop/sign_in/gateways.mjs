// The gateways that are signed in at: the demo as it is, and one with someone else's provider.

import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { openProvider } from "./provider.mjs";

const START_MS_MAX = 60_000;
const PAUSE_MS = 50;

const children = new Set();
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")));

function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

function start(program, ...words) {
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  let log = "";
  child.stderr.on("data", (data) => (log = (log + data).slice(-20_000)));
  const ended = new Promise((done) => child.on("exit", done)).then(() => children.delete(child));
  const stop = () => {
    child.kill("SIGTERM");
    return ended;
  };
  // Of two things to wait for, the one that never comes if the program has ended.
  const alive = (wait) =>
    Promise.race([wait, ended.then(() => Promise.reject(new Error(`\`${words[0]}\` ended: ${log}`)))]);
  return { child, log: () => log, stop, alive };
}

/// The demo on `folder`, with what it tells of itself.
export async function startDemo(program, folder) {
  const demo = start(program, "demo", "--json", "--listen", "127.0.0.1:0", "--data-dir", folder);
  const lines = createInterface({ input: demo.child.stdout });
  const line = await demo.alive(new Promise((said) => lines.once("line", said)));
  const told = JSON.parse(line);
  await demo.alive(answers(told.portal));
  return { ...demo, told };
}

/// A gateway with the demo's config, but its own portal and store, and where applicants sign in at
/// an `oidc-provider` that knows `people`.
export async function serveElsewhere(program, folder, Provider, people) {
  const port = await freePort();
  const portal = `https://localhost:${port}`;
  const demo = readFileSync(join(folder, "gateway.toml"), "utf8");
  const [, secretFile] = /^client_secret_file = "(.*)"$/m.exec(demo);
  const provider = await openProvider(Provider, {
    client: "muhrdor-portal",
    secret: readFileSync(secretFile, "utf8").trim(),
    redirect: `${portal}/oauth2/callback`,
    people,
  });
  const [, before] = /^url = "https:\/\/localhost:(\d+)"$/m.exec(demo);
  const config = [
    [`localhost:${before}`, `localhost:${port}`],
    [`127.0.0.1:${before}`, `127.0.0.1:${port}`],
    [/^admin = .*$/m, `admin = "127.0.0.1:${await freePort()}"`],
    [/^control = .*$/m, `control = "${join(folder, "other.sock")}"`],
    [/\[store\][^[]*/, `[store]\nkind = "memory"\n\n`],
    [/(\[realms\.applicants\][^[]*issuer = ")[^"]*"/, `$1${provider.issuer}"\nscopes = ["profile"]`],
    ["allow = [", `allow = ["${new URL(provider.issuer).host}", `],
  ].reduce((text, [from, to]) => replaced(text, from, to), demo);
  const file = join(folder, "other.toml");
  writeFileSync(file, config);
  const gateway = start(program, "serve", "--config", file);
  await gateway.alive(answers(portal));
  const stop = async () => {
    await gateway.stop();
    await provider.stop();
  };
  return { ...gateway, stop, portal, provider };
}

function replaced(text, from, to) {
  const changed = typeof from === "string" ? text.replaceAll(from, to) : text.replace(from, to);
  if (changed === text) throw new Error(`the demo's config has no ${from}`);
  return changed;
}

// Waits until something answers at the address.
async function answers(address) {
  const until = Date.now() + START_MS_MAX;
  for (;;) {
    const cause = await new Promise((done) => {
      // The demo's certificate is its own.
      const request = get(`${address}/services`, { rejectUnauthorized: false, agent: false }, (response) => {
        response.resume().once("end", () => done());
      });
      request.once("error", done);
    });
    if (!cause) return;
    if (Date.now() > until) throw cause;
    await new Promise((later) => setTimeout(later, PAUSE_MS));
  }
}
