import { describe, expect, test } from "vitest";
import { startStack } from "../stack.ts";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { answered, askSample, preparePage, SCRIPT, heldScript } from "./page_tests.ts";

/** A place of the answer as it is drawn. */
type Chip = { readonly state: string; readonly cover: number; readonly block: number };
const CHIPS = `[...document.querySelectorAll("svg.fog g")].map((chip) => {
  const [cover, block] = [".fog-cover", ".fog-block"].map((part) =>
    Number(chip.querySelector(part).getAttribute("fill-opacity")));
  return { state: chip.classList[0], cover, block };
})`;

describe.skipIf(NO_BROWSER !== undefined)("the page's fog", () => {
  const at = preparePage();

  test("is the thinner the surer the model is, and marks the block under way", async () => {
    const { script, goOn } = heldScript();
    at.served.seen.script = script;
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await page.locator("svg.fog .fog-revised").first().waitFor();
    const chips = await page.evaluate<Chip[]>(CHIPS);
    const coversOf = (wanted: string) =>
      chips.filter(({ state }) => state === wanted).map(({ cover }) => cover);
    expect(new Set(coversOf("fog-covered"))).toEqual(new Set([1]));
    const drafts = coversOf("fog-draft");
    expect(Math.max(...drafts)).toBeLessThan(1);
    expect(Math.min(...drafts)).toBeGreaterThan(Math.max(...coversOf("fog-committed")));
    expect(new Set(drafts).size).toBeGreaterThan(1);
    const underlined = chips.flatMap(({ block }, place) => (block === 1 ? [place] : []));
    const open = chips.flatMap(({ state }, place) =>
      place < SCRIPT.blockLength && state !== "fog-committed" ? [place] : [],
    );
    expect(underlined).toEqual(open);
    goOn();
    await answered(page);
  });

  test("says where the answer ends, and counts to there", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await answered(page);
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByRole("button", { name: "Pause" }).click();
    const step = page.getByLabel("Step", { exact: true });
    await step.fill(await step.getAttribute("max").then(String));
    expect(await page.locator(".fog-end").allTextContents()).toEqual(["end"]);
    expect(await page.getByRole("img", { name: /tokens/ }).getAttribute("aria-label")).toBe(
      "47 of 47 tokens are clear after 25 forward passes",
    );
  });

  test("is replayed by itself to its end, and from the start again", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await answered(page);
    await page.getByRole("button", { name: "Replay" }).click();
    const step = page.getByLabel("Step", { exact: true });
    const last = String(await step.getAttribute("max"));
    expect(await step.inputValue()).not.toBe(last);
    await page.getByRole("button", { name: "Play", exact: true }).waitFor();
    expect(await step.inputValue()).toBe(last);
    await page.getByRole("button", { name: "Step back" }).click();
    expect(await step.inputValue()).toBe(String(Number(last) - 1));
    await page.getByRole("button", { name: "Step on" }).click();
    await page.getByRole("button", { name: "Play", exact: true }).click();
    await expect.poll(() => step.inputValue()).not.toBe(last);
    await page.getByRole("button", { name: "Text" }).click();
    expect(await page.locator(".answer .text").count()).toBe(1);
  });

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
