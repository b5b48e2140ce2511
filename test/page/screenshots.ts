// Entry of `npm run screenshots`: the README's pictures of the page, of a running gateway or of one that plays a script.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import sharp from "sharp";
import { NO_BROWSER, openBrowser, visit } from "./open_browser.ts";
import { CHEST_TOKENS, scriptedDenoise } from "./scripted_denoise.ts";
import { startPage } from "./start_page.ts";

const { values } = parseArgs({
  options: { url: { type: "string" }, out: { type: "string", default: "gateway/web/pictures" } },
});
if (NO_BROWSER !== undefined) {
  process.stderr.write(`${NO_BROWSER}\n`);
  process.exit(1);
}
await mkdir(values.out, { recursive: true });
const scripted = values.url === undefined ? await startPage() : undefined;
const browser = await openBrowser();
try {
  if (scripted !== undefined) {
    const script = { tokens: CHEST_TOKENS, blockLength: 16, perStep: 2, revises: true, runMs: 150 };
    scripted.seen.script = scriptedDenoise(script);
  }
  await shoot(browser, values.url ?? scripted?.url ?? "");
} finally {
  await browser.close();
  await scripted?.stop();
}

async function shoot(opened: Browser, url: string): Promise<void> {
  const wide = await asked(opened, url, { viewport: { width: 1000, height: 640 } });
  await wide.locator(".facts").waitFor({ timeout: 120_000 });
  await wide.getByRole("button", { name: "prefix", exact: true }).click();
  await wide.locator(".facts").nth(1).waitFor({ timeout: 120_000 });
  await wide.getByRole("button", { name: "Replay" }).first().click();
  await wide.getByRole("button", { name: "Pause" }).click();
  await wide.getByLabel("Step", { exact: true }).fill("14");
  await wide.waitForTimeout(1000); // the fog clears slowly
  await keep(wide, "page.png");
  const phone = await asked(opened, url, {
    viewport: { width: 360, height: 640 },
    colorScheme: "dark",
    isMobile: true,
    hasTouch: true,
    deviceScaleFactor: 2,
  });
  await phone.locator("svg.fog .fog-committed").nth(20).waitFor({ timeout: 120_000 });
  await keep(phone, "phone.png");
}

async function asked(opened: Browser, url: string, options: BrowserContextOptions): Promise<Page> {
  const { page } = await visit(opened, url, options);
  await page.getByRole("button", { name: "Two findings" }).click();
  await page.getByText("112 × 112").waitFor();
  await page.getByRole("button", { name: "Give a detailed description" }).click();
  return page;
}

async function keep(page: Page, name: string): Promise<void> {
  const small = await sharp(await page.screenshot())
    .png({ palette: true, effort: 10 })
    .toBuffer();
  await writeFile(join(values.out, name), small);
  process.stdout.write(`${join(values.out, name)}\n`);
}
