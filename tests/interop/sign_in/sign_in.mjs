// People with a browser: they sign in at the demo's own provider and at someone else's, look at
// their pages, say what they work on, change the language, sign out. Prints a line for each
// outcome; exits 1 when one was wrong.
//
//   node sign_in.mjs --modules DIR --program FILE [--browser FILE] [--shots DIR]
//
// --modules  where `npm ci` put oidc-provider and playwright-core
// --program  the gateway
// --shots    leaves a picture of each page there

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import { serveElsewhere, startDemo } from "./gateways.mjs";

const { values: options } = parseArgs({
  options: {
    modules: { type: "string" },
    program: { type: "string" },
    browser: { type: "string", default: "/usr/bin/chromium" },
    shots: { type: "string" },
  },
});
const modules = resolve(options.modules);
const { chromium } = createRequire(join(modules, "package.json"))("playwright-core");
const { default: Provider } = await import(pathToFileURL(join(modules, "node_modules/oidc-provider/lib/index.js")));

const NAME = "Aziza Karimova";
const PINFL = "41507850211172";
const RECORD = `/pension/records/${PINFL}`;
const CASE = "PF-2026-000117";

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

// A new browser profile whose requests are written down.
async function visitor(browser) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: "en-GB" });
  const hosts = new Set();
  context.on("request", (request) => hosts.add(new URL(request.url()).host));
  return { context, page: await context.newPage(), hosts };
}

// Clicks, and waits for the page this leads to, however many redirects are on the way.
async function follow(page, target) {
  await Promise.all([page.waitForEvent("load"), target.click()]);
}

// From the chooser through the provider's form.
async function choose(page, { realm, login, password }) {
  await follow(page, page.locator(`a.choice[href*='realm=${realm}']`));
  await page.locator("input[name=login]").fill(login);
  await page.locator("input[name=password]").fill(password);
  await follow(page, page.locator("form button").first());
}

// From a page that needs signing in, and back to it.
async function signIn(page, portal, { label, wants, ...who }) {
  await page.goto(portal + wants);
  check(`${label}: who is not signed in chooses how`, page.url().startsWith(`${portal}/oauth2/start`), page.url());
  await picture(page, `${label}-chooser`);
  await choose(page, who);
  check(`${label}: back where they wanted to go`, page.url() === portal + wants, page.url());
  const account = await page.locator("nav.account").allInnerTexts();
  check(`${label}: greeted by name`, account.join().includes(who.name), account);
}

async function session(context, portal) {
  const cookies = await context.cookies(portal);
  return cookies.find((cookie) => cookie.name === "__Host-muhrdor");
}

async function code(page) {
  return (await page.locator(".summary code").allInnerTexts()).at(-1);
}

// Sees somebody's record only once the page has been told of the case.
async function official(browser, told) {
  const label = "official";
  const { context, page } = await visitor(browser);
  const { portal } = told;
  const person = told.people.find((one) => one.login === "gulnora");
  await page.goto(`${portal}/oauth2/start?rd=%2Fservices`);
  await choose(page, person);
  await page.goto(portal + RECORD);
  check(`${label}: without a case is told so`, (await code(page)) === "case_needed", await page.content());
  await picture(page, `${label}-refused`);
  await follow(page, page.locator("main a.button"));
  await page.locator("input[name=purpose]").fill("pension.assess");
  await page.locator("input[name=case]").fill(CASE);
  await follow(page, page.locator(".desk button"));
  const desk = await page.locator("input[name=case]").inputValue();
  check(`${label}: comes back to the list of services`, page.url() === `${portal}/services`, page.url());
  check(`${label}: the case lies on the desk`, desk === CASE, desk);
  await picture(page, `${label}-services`);
  const now = await page.locator(".desk .notice").innerText();
  check(`${label}: and the page says so`, now.includes(CASE), now);
  const seen = await page.goto(portal + RECORD);
  check(`${label}: with the case sees the record`, seen.status() === 200, await seen.text());
  await context.close();
}

// Another body's program asks its one question.
async function system(browser, told) {
  const { context } = await visitor(browser);
  const { client_id, client_secret, token_endpoint, can } = told.systems.find((one) => one.can.length > 0);
  const token = await context.request.post(token_endpoint, {
    form: { grant_type: "client_credentials", client_id, client_secret },
  });
  const { access_token } = await token.json();
  const [, path, purpose] = /^GET (\S+) with Muhrdor-Purpose: (\S+)$/.exec(can[0]);
  const answer = await context.request.get(told.portal + path, {
    headers: { authorization: `Bearer ${access_token}`, "muhrdor-purpose": purpose },
  });
  check("system: gets its answer", answer.status() === 200, await answer.text());
  await context.close();
}

async function person(browser, told) {
  const label = "demo";
  const { portal } = told;
  const { context, page, hosts } = await visitor(browser);
  const who = told.people.find((one) => one.login === "aziza");
  await signIn(page, portal, { ...who, label, wants: "/my" });
  const cookie = await session(context, portal);
  const safe = cookie?.httpOnly && cookie?.secure && cookie?.sameSite === "Lax" && cookie?.path === "/";
  check(`${label}: the session's cookie is out of scripts' reach`, safe, JSON.stringify({ ...cookie, value: "…" }));
  await picture(page, `${label}-my`);
  await page.goto(portal + RECORD);
  await page.goto(`${portal}/my`);
  await follow(page, page.locator("a.choice[href*='/my/journal']"));
  // With what is folded away.
  const entries = await page.locator("main").textContent();
  const marks = ["You looked at your own data", CASE, "social-agency-system"];
  const missing = marks.filter((mark) => !entries.includes(mark));
  check(`${label}: the journal tells of each who looked`, missing.length === 0, `${missing} not in ${entries}`);
  await picture(page, `${label}-journal`);
  await page.locator("main details").evaluateAll((all) => all.forEach((one) => (one.open = true)));
  await picture(page, `${label}-journal-open`);
  await page.goto(`${portal}/services`);
  await picture(page, `${label}-services`);
  await follow(page, page.locator(".languages a[hreflang=uz-Cyrl]"));
  check(`${label}: in Uzbek Cyrillic`, (await page.locator("html[lang=uz-Cyrl]").count()) === 1, page.url());
  await page.goto(`${portal}/my`);
  await follow(page, page.locator("form[action*='sign_out'] button"));
  await picture(page, `${label}-signed-out`);
  check(`${label}: signed out`, !(await session(context, portal)), "the cookie is still there");
  await page.goto(`${portal}/my`);
  check(`${label}: and must sign in again`, page.url().startsWith(`${portal}/oauth2/start`), page.url());
  const ours = [portal, told.services["sign-in"]].map((address) => new URL(address).host);
  const strangers = [...hosts].filter((host) => !ours.includes(host));
  check(`${label}: no request to anyone else`, strangers.length === 0, strangers);
  await context.close();
}

async function keeper(browser, told) {
  const { context, page } = await visitor(browser);
  const who = told.people.find((one) => one.login === "malika");
  await signIn(page, told.portal, { ...who, label: "keeper", wants: "/console/policies" });
  const rules = await page.locator(".rule").count();
  check("keeper: reads the rules", rules > 0, await page.locator("main").innerText());
  await picture(page, "keeper-policies");
  await context.close();
}

async function elsewhere(browser, gateway) {
  const label = "oidc-provider";
  const { portal } = gateway;
  const { context, page, hosts } = await visitor(browser);
  const who = { realm: "applicants", login: "aziza", password: "any", name: NAME };
  await signIn(page, portal, { ...who, label, wants: "/my" });
  check(`${label}: it was this provider`, hosts.has(new URL(gateway.provider.issuer).host), [...hosts]);
  const told = await (await page.request.get(`${portal}/oauth2/userinfo`)).json();
  check(`${label}: its word on the strength of the sign-in is taken`, told.acr === 2, JSON.stringify(told));
  const signed = gateway.provider.algorithms();
  check(`${label}: its ID token was signed with RS256`, String(signed) === "RS256", signed);
  await context.close();

  const other = await visitor(browser);
  await other.page.goto(`${portal}/my`);
  await follow(other.page, other.page.locator("a.choice[href*='realm=applicants']"));
  await follow(other.page, other.page.locator("button[value=cancel]"));
  check(`${label}: who cancels is told so`, (await code(other.page)) === "sign_in_cancelled", other.page.url());
  await picture(other.page, `${label}-cancelled`);
  check(`${label}: and has no session`, !(await session(other.context, portal)), "there is one");
  await follow(other.page, other.page.locator("main a.button"));
  await choose(other.page, who);
  const title = await other.page.title();
  check(`${label}: but may begin again`, other.page.url() === `${portal}/services`, other.page.url() + title);
  await other.context.close();
}

const folder = mkdtempSync(join(tmpdir(), "muhrdor-sign-in-"));
const running = [];
async function end() {
  while (running.length > 0) await running.pop().stop();
  rmSync(folder, { recursive: true, force: true });
  process.exit(wrong ? 1 : 0);
}
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    check("to the end", false, signal);
    end();
  });
}
try {
  const browser = await chromium.launch({
    executablePath: options.browser,
    args: ["--no-sandbox", "--disable-background-networking"],
  });
  running.push({ stop: () => browser.close() });
  const demo = await startDemo(options.program, folder);
  running.push(demo);
  await official(browser, demo.told);
  await system(browser, demo.told);
  await person(browser, demo.told);
  await keeper(browser, demo.told);
  const people = { aziza: { pinfl: PINFL, name: NAME } };
  const gateway = await serveElsewhere(options.program, folder, Provider, people);
  running.push(gateway);
  await elsewhere(browser, gateway);
} catch (error) {
  check("to the end", false, `${error.stack}\n${running.map((one) => one.log?.() ?? "").join("\n")}`);
}
await end();
