import { describe, expect, test } from "vitest";
import { startStack } from "../stack.ts";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { answered, askSample, preparePage } from "./page_tests.ts";

describe.skipIf(NO_BROWSER !== undefined)("the page's fog", () => {
  const at = preparePage();

  test("clears step by step before the answer stands as text, also where one run of the model fills a block", async () => {
    const stack = await startStack();
    try {
      const { page } = await visit(at.browser, stack.url);
      await page.evaluate(`{
        window.counts = new Set();
        new MutationObserver(() => {
          if (document.querySelector(".facts") !== null) return;
          const count = document.querySelectorAll(".fog-committed").length;
          if (count > 0) counts.add(count);
        }).observe(document.body, { subtree: true, childList: true, attributes: true });
      }`);
      await askSample(page);
      await answered(page);
      const counts = await page.evaluate<number[]>("[...counts]");
      expect(counts.length).toBeGreaterThanOrEqual(3);
      expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    } finally {
      await stack.stop();
    }
  });
});
