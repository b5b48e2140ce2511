import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { answered, askSample, PHONE, preparePage, SCRIPT } from "./page_tests.ts";
import { scriptedDenoise } from "./scripted_denoise.ts";

describe.skipIf(NO_BROWSER !== undefined)("the page in a long conversation", () => {
  const at = preparePage();
  const small = { viewport: { width: 480, height: 560 } };

  test("keeps the end in sight, above where the next question is written", async () => {
    const viewport = { width: 480, height: 760 };
    const { page } = await visit(at.browser, at.served.url, { viewport });
    await askSample(page);
    await answered(page);
    for (let count = 2; count <= 3; count++) {
      await ask(page, `Question ${count}`);
      await answered(page, count);
      const last = await page.getByRole("button", { name: "Code" }).last().boundingBox();
      const composer = await page.getByRole("form", { name: "Ask" }).boundingBox();
      expect((last?.y ?? 0) + (last?.height ?? 0)).toBeLessThan(composer?.y ?? 0);
    }
  });

  test("keeps the first words of an answer in sight that is higher than what is seen", async () => {
    const { page } = await visit(at.browser, at.served.url, PHONE);
    await askSample(page);
    await answered(page);
    for (let count = 2; count <= 3; count++) {
      await ask(page, `Question ${count}`);
      await answered(page, count);
      const text = await page.locator(".answer .text").last().boundingBox();
      const header = await page.locator("header").boundingBox();
      expect(text?.y ?? 0).toBeGreaterThan((header?.y ?? 0) + (header?.height ?? 0));
    }
    // Who has read on is not taken back when the page grows.
    await page.mouse.wheel(0, 5000);
    const end = "document.documentElement.scrollHeight - innerHeight - Math.round(scrollY)";
    await expect.poll(() => page.evaluate(end)).toBeLessThanOrEqual(1);
    const before = await page.evaluate<number>("scrollY");
    await page.getByText("Length 64 tokens").click();
    await page.getByLabel("Template").waitFor();
    expect(await page.evaluate("scrollY")).toBeGreaterThanOrEqual(before);
  });

  test("leaves a reader alone who scrolled up", async () => {
    const { page } = await visit(at.browser, at.served.url, small);
    await askSample(page);
    await answered(page);
    await ask(page, "And in detail?");
    await answered(page, 2);
    at.served.seen.script = scriptedDenoise({ ...SCRIPT, runMs: 100 });
    await ask(page, "Once more?");
    await page.locator("svg.fog .fog-committed").first().waitFor();
    await page.mouse.move(240, 250);
    await page.mouse.wheel(0, -5000);
    await expect.poll(() => page.evaluate("scrollY")).toBe(0);
    await answered(page, 3);
    expect(await page.evaluate("scrollY")).toBe(0);
  });
});

async function ask(page: Page, question: string): Promise<void> {
  await page.getByLabel("Question").fill(question);
  await page.keyboard.press("Enter");
}
