import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** Debian's; `.ci/run` installs it. */
const CHROMIUM = "/usr/bin/chromium";

/** Why the tests of the page cannot run here; undefined where they can. */
export const NO_BROWSER = existsSync(CHROMIUM)
  ? undefined
  : `the page was not tested as ${CHROMIUM} is missing: apt-get install chromium`;

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** What went wrong in a page, besides what a test expects. */
export type Visit = {
  readonly page: Page;
  /** Requests to anywhere else, errors of scripts, and breaches of the policy. */
  readonly faults: readonly string[];
};

/** Opens the page in a profile of its own and waits until it knows the model. */
export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const visited = await open(browser, url, options);
  await visited.page.locator("[name=profile] option").first().waitFor({ state: "attached" });
  return visited;
}

/** Opens the page in a profile of its own. */
export async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("request", (request) => {
    if (!/^(blob:|data:)/.test(request.url()) && !request.url().startsWith(url)) {
      faults.push(`foreign request: ${request.url()}`);
    }
  });
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("console", (message) => {
    if (/Content.Security.Policy|Refused to/i.test(message.text())) faults.push(message.text());
  });
  await page.goto(url);
  return { page, faults };
}
