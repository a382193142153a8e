// Looks at pages in Chromium, at 360 and 1280 pixels, light and dark (refusals: one of the four): axe, sideways scrolling,
// requests to other hosts, what the content security policy refused, and what the keyboard cannot
// reach. Prints one JSON object; exits 1 when anything was found, 2 when it could not look.
//
//   node axe.mjs --modules DIR [--shots DIR] [--browser FILE] (--folder DIR | URL…)
//
// --modules  where `npm ci` put axe-core and playwright-core
// --folder   pages that `cargo test --test it pages` left; they are served on the loopback
//            interface with the headers of the portal
// --shots    leaves a picture of each view there

import { createServer } from "node:http";
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";

const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const TYPES = { html: "text/html; charset=utf-8", css: "text/css; charset=utf-8", svg: "image/svg+xml" };
const WIDTHS = [360, 1280];
const SCHEMES = ["light", "dark"];
const TURNS = WIDTHS.length * SCHEMES.length;
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const PAGE_BYTES_MAX = 30 * 1024;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    modules: { type: "string", default: "." },
    folder: { type: "string" },
    shots: { type: "string" },
    browser: { type: "string", default: "/usr/bin/chromium" },
    only: { type: "string" },
  },
});

function serve(folder) {
  const server = createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url, "http://localhost").pathname).slice(1);
    const known = /^(assets\/)?[A-Za-z0-9._-]+$/.test(name);
    let bytes;
    try {
      bytes = known ? readFileSync(join(folder, name)) : undefined;
    } catch {
      bytes = undefined;
    }
    const type = TYPES[name.split(".").pop()] ?? "application/octet-stream";
    response.writeHead(bytes ? 200 : 404, {
      "content-type": bytes ? type : "text/plain",
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
    });
    response.end(bytes);
  });
  return new Promise((ready) => server.listen(0, "127.0.0.1", () => ready(server)));
}

// What a sighted keyboard user needs: each link, button and summary gets the focus in turn.
async function unreachable(page) {
  const wanted = await page.evaluate(() => {
    const all = [...document.querySelectorAll("a[href], button, summary, input, select, textarea")];
    const seen = all.filter((one) => one.checkVisibility());
    seen.forEach((one, index) => one.setAttribute("data-index", String(index)));
    return seen.length;
  });
  const reached = new Set();
  for (let press = 0; press <= wanted + 4; press += 1) {
    await page.keyboard.press("Tab");
    const index = await page.evaluate(() => document.activeElement?.getAttribute("data-index"));
    if (index) reached.add(index);
  }
  return wanted - reached.size;
}

async function look(context, axe, url, view) {
  const page = await context.newPage();
  const found = [];
  const host = new URL(url).host;
  page.on("request", (request) => {
    const of = new URL(request.url());
    if (of.host !== host) found.push({ what: "request to another host", where: of.host });
  });
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("status of 4")) {
      found.push({ what: "console", where: message.text() });
    }
  });
  const response = await page.goto(url);
  const bytes = (await response.body()).length;
  if (bytes > PAGE_BYTES_MAX) found.push({ what: "too heavy", where: `${bytes} bytes` });
  const wide = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
  if (wide > 0) found.push({ what: "scrolls sideways", where: `${wide} px` });
  if (options.shots) {
    const name = `${basename(new URL(url).pathname) || "index"}`.replace(/\.html$/, "");
    const file = `${name}.${view.width}.${view.scheme}.png`;
    await page.screenshot({ path: join(options.shots, file), fullPage: true });
  }
  const lost = await unreachable(page);
  if (lost > 0) found.push({ what: "not reached by keyboard", where: `${lost} elements` });
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
  await page.evaluate(axe.source);
  const result = await page.evaluate((tags) => window.axe.run({ runOnly: tags }), TAGS);
  for (const violation of result.violations) {
    const where = violation.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`);
    found.push({ what: violation.id, impact: violation.impact, where: where.join(" | ") });
  }
  await page.close();
  return found;
}

// The refusals are one template with other words: each is seen in one view, the views in turn.
function isRefusal(url) {
  return basename(new URL(url).pathname).startsWith("refusal-");
}

async function main() {
  const require = createRequire(join(resolve(options.modules), "anchor.js"));
  const { chromium } = require("playwright-core");
  const axe = require("axe-core");
  if (options.shots) mkdirSync(options.shots, { recursive: true });
  const server = options.folder ? await serve(options.folder) : undefined;
  const names = options.folder
    ? readdirSync(options.folder).filter((name) => name.endsWith(".html"))
    : [];
  const chosen = names.filter((name) => !options.only || new RegExp(options.only).test(name));
  const local = chosen.map((name) => `http://127.0.0.1:${server.address().port}/${name}`);
  const urls = [...local, ...positionals];
  if (urls.length === 0) throw new Error("no page to look at: give --folder DIR or URLs");
  const browser = await chromium.launch({ executablePath: options.browser, args: ["--no-sandbox"] });
  const findings = [];
  let views = 0;
  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      const turn = WIDTHS.indexOf(width) * SCHEMES.length + SCHEMES.indexOf(scheme);
      const context = await browser.newContext({
        viewport: { width, height: 800 },
        colorScheme: scheme,
        ignoreHTTPSErrors: true,
      });
      for (const url of urls.filter((url, at) => !isRefusal(url) || at % TURNS === turn)) {
        views += 1;
        const view = { width, scheme };
        const found = await look(context, axe, url, view);
        findings.push(...found.map((one) => ({ url, ...view, ...one })));
      }
      await context.close();
    }
  }
  await browser.close();
  server?.close();
  console.log(JSON.stringify({ pages: urls.length, views, findings }, null, 2));
  return findings.length === 0 ? 0 : 1;
}

main().then(
  (code) => (process.exitCode = code),
  (error) => {
    console.error(`the pages could not be looked at: ${error.message}`);
    process.exitCode = 2;
  },
);
