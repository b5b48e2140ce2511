import { Profile } from "@medv/proto/diffusion";
import { describe, expect, test } from "vitest";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { answered, askSample, heldScript, preparePage, SCRIPT, violations } from "./page_tests.ts";
import { scriptedDenoise } from "./scripted_denoise.ts";

describe.skipIf(NO_BROWSER !== undefined)("the page's answer", () => {
  const at = preparePage();

  test("comes with what it cost and how sure the model was", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await answered(page);
    const facts = await page.evaluate(`[...document.querySelectorAll(".facts div")].map((line) =>
      [...line.children].map(({ textContent }) => textContent))`);
    expect(facts).toEqual([
      ["First text", expect.stringMatching(/^[\d.]+ m?s$/)],
      ["Whole answer", expect.stringMatching(/^[\d.]+ m?s$/)],
      ["Speed", "157 tokens/s"],
      ["Forward passes", "25 for 47 tokens (1.9 a step)"],
      ["Confidence", "77 %"],
      ["Image", expect.stringMatching(/cache (hit|miss)/)],
      ["Revised", "1"],
    ]);
  });

  test("tells who listens that it is under way, what it is, and that it was stopped", async () => {
    const { script, goOn } = heldScript();
    at.served.seen.script = script;
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    const told = page.locator(".answer").last().getByRole("status");
    await expect.poll(() => told.textContent()).toBe("The answer is under way");
    goOn();
    await answered(page);
    const text = await page.locator(".answer .text").innerText();
    expect(await told.textContent()).toBe(`Answer: ${text}`);
    at.served.seen.script = scriptedDenoise({ ...SCRIPT, runMs: 60_000 });
    await page.getByLabel("Question").fill("And on the other side?");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Stop" }).click();
    await expect.poll(() => told.textContent()).toBe("The answer was stopped");
  });

  test("is copied as it stands", async () => {
    const { page } = await visit(at.browser, at.served.url, {
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await askSample(page);
    await answered(page);
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(
      await page.locator(".answer .text").innerText(),
    );
  });

  test("is decoded with the profile that was chosen, and beside it with the other one", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await page.getByText("Length 64 tokens").click();
    await page.getByLabel("Profile").selectOption("prefix");
    await page.getByText("Length 64 tokens, profile prefix").waitFor();
    await askSample(page);
    await answered(page);
    await page.getByRole("button", { name: "exact", exact: true }).click();
    await answered(page, 2);
    const asked = at.served.seen.requests.map(({ settings }) => settings?.profile);
    expect(asked).toEqual([Profile.PREFIX, Profile.EXACT]);
  });

  test("is asked for with the settings at hand where it took too long with its own", async () => {
    const { page } = await visit(at.browser, at.served.url);
    const late = { status: 504, json: { code: "deadline_exceeded", detail: "late" } };
    await page.route("**/v1/answers", (route) => route.fulfill(late), { times: 1 });
    await askSample(page);
    await page.getByText("The answer took too long").waitFor();
    await page.getByText("Length 64 tokens").click();
    await page.getByLabel("Length").fill("32");
    await page.getByRole("button", { name: "Retry" }).click();
    await answered(page);
    expect(at.served.seen.requests[0]?.settings?.genLength).toBe(32);
  });

  test("has no fault that axe finds, while it runs, when it fails, and as code", async () => {
    at.served.seen.script = scriptedDenoise({ ...SCRIPT, runMs: 60_000 });
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await page.locator("svg.fog").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("button", { name: "Code" }).click();
    await page.getByRole("dialog").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    const full = { status: 429, json: { code: "overloaded", detail: "full" } };
    await page.route("**/v1/answers", (route) => route.fulfill(full));
    await page.getByRole("button", { name: "Retry" }).click();
    await page.getByRole("alert").waitFor();
    expect(await violations(page)).toEqual([]);
  });
});
