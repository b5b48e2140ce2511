import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { startStack } from "../stack.ts";
import { NO_BROWSER, visit } from "./open_browser.ts";
import {
  ANSWER,
  answered,
  askSample,
  PHONE,
  preparePage,
  SCRIPT,
  violations,
  heldScript,
} from "./page_tests.ts";
import { CHEST_TOKENS, scriptedDenoise } from "./scripted_denoise.ts";

if (NO_BROWSER !== undefined) process.stderr.write(`skipped: ${NO_BROWSER}\n`);

describe.skipIf(NO_BROWSER !== undefined)("the page", () => {
  const at = preparePage();
  test("weighs at most 60 KB gzipped, samples included", () => {
    const bytes = [...at.served.page.values()].map((file) => gzipSync(file.bytes).length);
    expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(60 << 10);
  });

  test("leads from the first visit to an answer that clears out of the fog, with no fault and no foreign request", async () => {
    const { script, goOn } = heldScript();
    at.served.seen.script = script;
    const { page, faults } = await visit(at.browser, at.served.url);
    await askSample(page);
    await page.locator("svg.fog .fog-committed").first().waitFor();
    await page.locator("svg.fog .fog-draft").first().waitFor();
    await page.locator("svg.fog .fog-revised").first().waitFor();
    goOn();
    await answered(page);
    expect(await page.locator(".answer .text").innerText()).toContain(ANSWER);
    expect(await page.locator(".facts").innerText()).toMatch(/25 for 47 tokens/);
    expect(faults).toEqual([]);
    expect(await violations(page)).toEqual([]);
  });

  test("asks on with the same image, which is not encoded again", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await answered(page);
    const { encodes } = at.served.seen;
    await page.getByLabel("Question").fill("And on the other side?");
    await page.keyboard.press("Enter");
    await answered(page, 2);
    expect(at.served.seen.encodes).toBe(encodes);
    expect(at.served.seen.requests.at(-1)?.messages.map(({ parts }) => parts.length)).toEqual([
      2, 1, 1,
    ]);
    expect(await page.locator(".facts").last().innerText()).toContain("cache hit");
  });

  test("shows two profiles side by side, and replays one step by step", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await answered(page);
    await page.getByRole("button", { name: "prefix", exact: true }).click();
    await answered(page, 2);
    const [left, right] = await Promise.all(
      [0, 1].map((index) => page.locator(".answer").nth(index).boundingBox()),
    );
    expect(left?.y).toBe(right?.y);
    for (const facts of await page.locator(".facts").allInnerTexts()) {
      expect(facts).toMatch(/Whole answer\s+[\d.]+ m?s/);
      expect(facts).toMatch(/Forward passes\s+\d+ for 47 tokens/);
      expect(facts).toMatch(/Confidence\s+\d+ %/);
    }
    const answer = page.getByLabel("Answer, profile prefix");
    await answer.getByRole("button", { name: "Replay" }).click();
    await answer.getByRole("button", { name: "Pause" }).click();
    await answer.getByLabel("Step", { exact: true }).fill("0");
    expect(await answer.locator(".fog-covered").count()).toBe(CHEST_TOKENS.length);
    await answer.getByRole("button", { name: "Step on" }).click();
    // A run of two steps is shown as two.
    expect(await answer.locator(".fog-committed").count()).toBe(2);
  });

  test("shows what the model is shown, and gives the request as code", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await answered(page);
    await page
      .getByRole("button", { name: /Look at/ })
      .first()
      .click();
    await page.getByAltText("Tile 1 of 1").waitFor();
    await page.getByText("112 × 112 pixels became one tile of 28 × 28").waitFor();
    await page.keyboard.press("+");
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Code" }).click();
    expect(await page.locator("pre").innerText()).toContain("curl -sN");
    await page.getByRole("button", { name: "openai", exact: true }).click();
    expect(await page.locator("pre").innerText()).toContain("client.chat.completions.create");
  });

  test.each([
    { name: "phone", options: PHONE },
    { name: "dark", options: { colorScheme: "dark" as const } },
    { name: "still", options: { reducedMotion: "reduce" as const } },
  ])("works on a $name display, without a fault that axe finds", async ({ options }) => {
    const { page, faults } = await visit(at.browser, at.served.url, options);
    expect(await violations(page)).toEqual([]);
    await askSample(page);
    await answered(page);
    expect(await violations(page)).toEqual([]);
    expect(faults).toEqual([]);
    const width = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect(width).toBe(0);
    expect(await page.getByText("not for clinical use").first().isVisible()).toBe(true);
  });

  test("shows words as they become certain, and no fog, to who wants less motion", async () => {
    at.served.seen.script = scriptedDenoise({ ...SCRIPT, runMs: 100 });
    const { page } = await visit(at.browser, at.served.url, { reducedMotion: "reduce" });
    await askSample(page);
    await page.locator(".answer .text").filter({ hasText: "chest" }).waitFor();
    expect(await page.locator("svg.fog").count()).toBe(0);
    await answered(page);
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByRole("button", { name: "Play", exact: true }).waitFor();
  });

  test("answers through the three real processes", async () => {
    const stack = await startStack();
    try {
      const { page, faults } = await visit(at.browser, stack.url);
      await page.getByText("Length 64 tokens").click();
      await page.getByLabel("Length").fill("8");
      await askSample(page);
      await answered(page);
      const facts = page.locator(".facts");
      expect(await facts.innerText()).toContain("Forward passes");
      expect(await facts.innerText()).toContain("encoded (cache miss)");
      await page.getByLabel("Template").fill("IT IS {{4}} ON THE {{left|right side of it}}.");
      await page.getByLabel("Question").fill("Where is it?");
      await page.keyboard.press("Enter");
      await answered(page, 2);
      expect(await facts.last().innerText()).toContain("known (cache hit)");
      const text = await page.locator(".answer .text").last().innerText();
      expect(text).toMatch(/^IT IS .* ON THE (left|right side of it)\.$/s);
      await page.getByRole("button", { name: "Replay" }).last().click();
      await page.getByRole("button", { name: "Pause" }).click();
      const step = page.getByLabel("Step", { exact: true });
      await step.fill(await step.getAttribute("max").then(String));
      expect(await page.locator("svg.fog .fog-covered").count()).toBe(0);
      expect(await page.locator("svg.fog .fog-given").count()).toBeGreaterThan(4);
      expect(faults).toEqual([]);
    } finally {
      await stack.stop();
    }
  });
});
