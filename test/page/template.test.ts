import type { Locator, Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { answered, askSample, preparePage, violations } from "./page_tests.ts";
import { scriptedTemplate, TEMPLATE, TEMPLATE_LENGTHS } from "./scripted_template.ts";

describe.skipIf(NO_BROWSER !== undefined)("the page with a template", () => {
  const at = preparePage();

  test("shows what is given from the first moment on, and no place that a short choice left over", async () => {
    at.served.seen.script = scriptedTemplate(300);
    const { page } = await visit(at.browser, at.served.url);
    await writeTemplate(page);
    await askSample(page);
    await page.locator("svg.fog .fog-given").first().waitFor();
    expect(await givenText(page)).toBe("FINDINGS:SIDE:.");
    await expect.poll(() => page.locator("svg.fog g").count()).toBe(TEMPLATE_LENGTHS.after);
    expect(await page.locator("svg.fog .fog-covered").count()).toBe(0);
    await answered(page);
    expect(await page.locator(".answer .text").innerText()).toBe(
      "FINDINGS: clear lungs and heart SIDE: left.",
    );
  });

  test("replays it step by step, what is given never in the fog", async () => {
    at.served.seen.script = scriptedTemplate(10);
    const { page } = await visit(at.browser, at.served.url);
    await writeTemplate(page);
    await askSample(page);
    await answered(page);
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByRole("button", { name: "Pause" }).click();
    const step = page.getByLabel("Step", { exact: true });
    const last = Number(await step.getAttribute("max"));
    for (let shown = 0; shown <= last; shown++) {
      await step.fill(String(shown));
      expect(await givenText(page)).toBe("FINDINGS:SIDE:.");
      expect(await thickest(page.locator("svg.fog .fog-given .fog-cover"))).toBe(0);
    }
    expect(await page.locator("svg.fog g").count()).toBe(TEMPLATE_LENGTHS.after);
    await step.fill("0");
    expect(await page.locator("svg.fog g").count()).toBe(TEMPLATE_LENGTHS.before);
    expect(await page.locator("svg.fog .fog-covered").count()).toBe(7);
    await page.getByRole("button", { name: "Step on" }).click();
    expect(await page.locator("svg.fog .fog-committed").count()).toBe(1);
    expect(await violations(page)).toEqual([]);
  });
});

async function writeTemplate(page: Page): Promise<void> {
  await page.getByText("Length 64 tokens").click();
  await page.getByLabel("Template").fill(TEMPLATE);
}

async function givenText(page: Page): Promise<string> {
  return (await page.locator("svg.fog .fog-given text").allTextContents()).join("");
}

async function thickest(covers: Locator): Promise<number> {
  const opacities = await covers.evaluateAll((elements) =>
    elements.map((element) => Number(element.getAttribute("fill-opacity"))),
  );
  return Math.max(...opacities);
}
