// Entry of `npm run screenshots`: the README's pictures of the page, before a running gateway or one that it starts itself.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import sharp from "sharp";
import { buildPage } from "../../deploy/local/build_page.ts";
import { startStack } from "../stack.ts";
import { NO_BROWSER, openBrowser, visit } from "./open_browser.ts";

/** Tokens of the answers: what the embedded checkpoint says fits well. */
const LENGTH = 24;

const { values } = parseArgs({
  options: { url: { type: "string" }, out: { type: "string", default: "gateway/web/pictures" } },
});
if (NO_BROWSER !== undefined) {
  process.stderr.write(`${NO_BROWSER}\n`);
  process.exit(1);
}
await mkdir(values.out, { recursive: true });
const stack = values.url === undefined ? await startEmbedded() : undefined;
const browser = await openBrowser();
try {
  await shoot(browser, values.url ?? stack?.url ?? "");
} finally {
  await browser.close();
  await stack?.stop();
}

/** The three processes with the embedded checkpoint, and the page as it is now. */
async function startEmbedded() {
  await buildPage(join(import.meta.dirname, "../.."));
  return await startStack();
}

async function shoot(opened: Browser, url: string): Promise<void> {
  const wide = await asked(opened, url, { viewport: { width: 1000, height: 780 } });
  // Beside the default profile's answer that of whichever is offered first.
  await wide.locator(".turn > .row button").first().click();
  await wide.locator(".facts").nth(1).waitFor();
  await replay(wide, 0.5);
  await keep(wide, "page.png");
  const phone = await asked(opened, url, {
    viewport: { width: 360, height: 740 },
    colorScheme: "dark",
    isMobile: true,
    hasTouch: true,
    deviceScaleFactor: 2,
  });
  await replay(phone, 0.75);
  await keep(phone, "phone.png");
}

async function asked(opened: Browser, url: string, options: BrowserContextOptions): Promise<Page> {
  const { page } = await visit(opened, url, options);
  await page.locator(".settings summary").click();
  await page.getByLabel("Length").fill(String(LENGTH));
  await page.locator(".settings summary").click();
  await page.getByRole("button", { name: "Two findings" }).click();
  await page.getByText("112 × 112").waitFor();
  await page.getByRole("button", { name: "What does this image show?" }).click();
  await page.locator(".facts").waitFor();
  return page;
}

/** Shows the last answer as it was after a share of its steps. */
async function replay(page: Page, share: number): Promise<void> {
  await page.getByRole("button", { name: "Replay" }).last().click();
  await page.getByRole("button", { name: "Pause" }).click();
  const slider = page.getByLabel("Step", { exact: true });
  const last = Number(await slider.getAttribute("max"));
  await slider.fill(String(Math.round(last * share)));
  await page.evaluate("scrollTo(0, 0)");
  await page.waitForTimeout(1000); // the fog clears slowly
}

async function keep(page: Page, name: string): Promise<void> {
  const small = await sharp(await page.screenshot())
    .png({ palette: true, effort: 10 })
    .toBuffer();
  await writeFile(join(values.out, name), small);
  process.stdout.write(`${join(values.out, name)}\n`);
}
