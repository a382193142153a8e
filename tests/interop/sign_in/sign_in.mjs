// A person with a browser: signs in at the demo's own provider and at someone else's, looks at
// their pages, changes the language, signs out. Prints a line for each outcome; exits 1 when one was
// wrong.
//
//   node sign_in.mjs --modules DIR --program FILE [--browser FILE] [--shots DIR]
//
// --modules  where `npm ci` put oidc-provider and playwright-core
// --program  the gateway
// --shots    leaves a picture of each page there

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import { openProvider } from "./provider.mjs";

const { values: options } = parseArgs({
  options: {
    modules: { type: "string" },
    program: { type: "string" },
    browser: { type: "string", default: "/usr/bin/chromium" },
    shots: { type: "string" },
  },
});
const { chromium } = createRequire(join(resolve(options.modules), "package.json"))("playwright-core");
const entry = join(resolve(options.modules), "node_modules/oidc-provider/lib/index.js");
const { default: Provider } = await import(pathToFileURL(entry));

const START_MS_MAX = 60_000;
const AZIZA = { pinfl: "41507850211172", name: "Aziza Karimova" };

let wrong = 0;
function check(what, right, found) {
  console.log(`${right ? "ok   " : "WRONG"} ${what}${right ? "" : `: ${found}`}`);
  if (!right) wrong += 1;
}

async function picture(page, name) {
  if (!options.shots) return;
  mkdirSync(options.shots, { recursive: true });
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    await page.screenshot({ path: join(options.shots, `${name}-${width}.png`), fullPage: true });
  }
}

function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

function start(...words) {
  const child = spawn(options.program, words, { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.on("data", (data) => (log = (log + data).slice(-20_000)));
  return { child, log: () => log, ended: new Promise((done) => child.on("exit", done)) };
}

async function stop({ child, ended }) {
  child.kill("SIGTERM");
  await ended;
}

async function startDemo(folder) {
  const listen = `127.0.0.1:${await freePort()}`;
  const demo = start("demo", "--json", "--listen", listen, "--data-dir", folder);
  const lines = createInterface({ input: demo.child.stdout });
  const line = await Promise.race([
    new Promise((said) => lines.once("line", said)),
    demo.ended.then(() => Promise.reject(new Error(`the demo ended: ${demo.log()}`))),
  ]);
  return { ...demo, told: JSON.parse(line) };
}

// The demo's config with another portal, another store and another provider for applicants.
async function serveElsewhere(folder, told, redirectOf) {
  const port = await freePort();
  const portal = `https://localhost:${port}`;
  const provider = await openProvider(Provider, {
    client: "muhrdor-portal",
    secret: readFileSync(join(folder, "secrets/muhrdor-portal.client"), "utf8").trim(),
    redirect: `${portal}/oauth2/callback`,
    people: { aziza: AZIZA },
  });
  const before = new URL(told.portal).port;
  let config = readFileSync(join(folder, "gateway.toml"), "utf8")
    .replaceAll(`localhost:${before}`, `localhost:${port}`)
    .replaceAll(`127.0.0.1:${before}`, `127.0.0.1:${port}`)
    .replace(/^admin = .*$/m, `admin = "127.0.0.1:${await freePort()}"`)
    .replace(/^control = .*$/m, `control = "${join(folder, "other.sock")}"`)
    .replace(/\[store\][^[]*/, `[store]\nkind = "memory"\n\n`)
    .replace(/(\[realms\.applicants\][^[]*issuer = ")[^"]*"/, `$1${provider.issuer}"\nscopes = ["profile"]`)
    .replace("allow = [", `allow = ["${new URL(provider.issuer).host}", `);
  const file = join(folder, "other.toml");
  writeFileSync(file, config);
  const gateway = start("serve", "--config", file);
  return { ...gateway, portal, provider };
}

// A new browser profile whose requests are written down.
async function visitor(browser) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: "en-GB" });
  const hosts = new Set();
  context.on("request", (request) => hosts.add(new URL(request.url()).host));
  return { context, page: await context.newPage(), hosts };
}

async function reached(page, address) {
  const until = Date.now() + START_MS_MAX;
  for (;;) {
    try {
      return await page.goto(address);
    } catch (error) {
      if (Date.now() > until || !String(error).includes("ERR_CONNECTION_REFUSED")) throw error;
      await new Promise((later) => setTimeout(later, 100));
    }
  }
}

// From a page that needs signing in, through the chooser and the provider's form, back to it.
async function signIn(page, portal, { login, password, name, label }) {
  await reached(page, `${portal}/my`);
  check(`${label}: who is not signed in chooses how`, page.url().startsWith(`${portal}/oauth2/start`), page.url());
  await picture(page, `${label}-chooser`);
  await page.locator("a.choice[href*='realm=applicants']").click();
  await page.locator("input[name=login]").fill(login);
  await page.locator("input[name=password]").fill(password);
  await page.locator("form button").first().click();
  await page.waitForLoadState();
  check(`${label}: back where they wanted to go`, page.url() === `${portal}/my`, page.url());
  const text = await page.locator("body").innerText();
  check(`${label}: greeted by name`, text.includes(name), text.slice(0, 300));
}

async function session(context, portal) {
  const cookies = await context.cookies(portal);
  return cookies.find((cookie) => cookie.name === "__Host-muhrdor");
}

async function atTheDemo(browser, told) {
  const label = "demo";
  const { context, page, hosts } = await visitor(browser);
  const person = told.people.find((one) => one.login === "aziza");
  await signIn(page, told.portal, { ...person, label });
  const cookie = await session(context, told.portal);
  const safe = cookie?.httpOnly && cookie?.secure && cookie?.sameSite === "Lax" && cookie?.path === "/";
  check(`${label}: the session's cookie is out of scripts' reach`, safe, JSON.stringify({ ...cookie, value: "…" }));
  await picture(page, `${label}-my`);
  await page.goto(`${told.portal}/my/journal`);
  await picture(page, `${label}-journal`);
  check(`${label}: the journal has a page`, (await page.locator("h1").count()) === 1, await page.content());
  await page.goto(`${told.portal}/my?lang=uz-Cyrl`);
  check(`${label}: in Uzbek Cyrillic`, (await page.locator("html").getAttribute("lang")) === "uz-Cyrl", "no");
  await page.goto(`${told.portal}/my`);
  await page.locator("form[action*='sign_out'] button").first().click();
  await page.waitForLoadState();
  await picture(page, `${label}-signed-out`);
  check(`${label}: signed out`, !(await session(context, told.portal)), "the cookie is still there");
  await page.goto(`${told.portal}/my`);
  check(`${label}: and must sign in again`, page.url().includes("/oauth2/start"), page.url());
  const provider = new URL(told.systems[0].token_endpoint).host;
  const strangers = [...hosts].filter((host) => host !== new URL(told.portal).host && host !== provider);
  check(`${label}: no request to anyone else`, strangers.length === 0, strangers.join(", "));
  await context.close();
}

async function elsewhere(browser, gateway) {
  const label = "oidc-provider";
  const { context, page } = await visitor(browser);
  await signIn(page, gateway.portal, { login: "aziza", password: "any", name: AZIZA.name, label });
  const who = await page.request.get(`${gateway.portal}/oauth2/userinfo`);
  const told = await who.json();
  check(`${label}: its word on the strength of the sign-in is taken`, told.acr === 2, JSON.stringify(told));
  await context.close();

  const other = await visitor(browser);
  await reached(other.page, `${gateway.portal}/my`);
  await other.page.locator("a.choice[href*='realm=applicants']").click();
  await other.page.locator("button[value=cancel]").click();
  await other.page.waitForLoadState();
  check(`${label}: who cancels is told so`, other.page.url().startsWith(gateway.portal), other.page.url());
  await picture(other.page, `${label}-cancelled`);
  check(`${label}: and has no session`, !(await session(other.context, gateway.portal)), "there is one");
  await other.context.close();
}

const folder = mkdtempSync(join(tmpdir(), "muhrdor-sign-in-"));
const browser = await chromium.launch({
  executablePath: options.browser,
  args: ["--no-sandbox", "--disable-background-networking"],
});
const running = [];
try {
  const demo = await startDemo(folder);
  running.push(demo);
  await atTheDemo(browser, demo.told);
  const gateway = await serveElsewhere(folder, demo.told);
  running.push(gateway);
  await elsewhere(browser, gateway).catch((error) => {
    check("someone else's provider", false, `${error}\n${gateway.log()}`);
  });
  await gateway.provider.stop();
} finally {
  await browser.close();
  for (const one of running.reverse()) await stop(one);
  rmSync(folder, { recursive: true, force: true });
}
process.exit(wrong ? 1 : 0);
