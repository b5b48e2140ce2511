import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { ANSWER, answered, askSample, preparePage, SCRIPT } from "./page_tests.ts";
import { scriptedDenoise } from "./scripted_denoise.ts";

describe.skipIf(NO_BROWSER !== undefined)("two tabs of the page", () => {
  const at = preparePage();

  /** Two tabs before the answer that the first of them asked for, which is under way. */
  async function openBoth(): Promise<{ readonly first: Page; readonly second: Page }> {
    const { page: first } = await visit(at.browser, at.served.url);
    const second = await first.context().newPage();
    await second.goto(at.served.url);
    await second.getByRole("button", { name: "Two findings" }).waitFor();
    await askSample(first);
    await first.locator("svg.fog .fog-committed").first().waitFor();
    await second.getByRole("button", { name: "History" }).click();
    await second.getByRole("button", { name: /^Give a detailed/ }).click();
    return { first, second };
  }

  test("show the same conversations, each answer as it comes, and forget them together", async () => {
    at.served.seen.script = scriptedDenoise({ ...SCRIPT, runMs: 200 });
    const { first, second } = await openBoth();
    await answered(second);
    expect(await second.locator(".answer .text").innerText()).toContain(ANSWER);
    await answered(first);
    expect(at.served.seen.requests).toHaveLength(1);

    await second.getByLabel("Question").fill("And on the other side?");
    await second.keyboard.press("Enter");
    await answered(second, 2);
    await answered(first, 2);

    await second.getByRole("button", { name: "History" }).click();
    await second.getByRole("button", { name: "Delete all" }).click();
    await second.getByRole("button", { name: "Really delete all 1" }).click();
    await first.getByRole("button", { name: "Two findings" }).waitFor();
    expect(await first.locator(".turn").count()).toBe(0);
  });

  test("both say of an answer that one of them stopped that it was stopped, and nothing else", async () => {
    at.served.seen.script = scriptedDenoise({ ...SCRIPT, runMs: 1000 });
    const { first, second } = await openBoth();
    await second.locator("svg.fog .fog-committed").first().waitFor();
    await second.getByRole("button", { name: "Stop" }).click();
    for (const tab of [first, second]) {
      await tab.getByText(/^Stopped/).waitFor();
      expect(await tab.getByRole("alert").count()).toBe(0);
    }
  });
});
