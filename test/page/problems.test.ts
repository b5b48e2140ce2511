import { problemResponse } from "@medv/gateway/problem";
import { DOMAIN_CODES, DomainError } from "@medv/proto";
import { describe, expect, test } from "vitest";
import { PROBLEM_TEXTS } from "../../gateway/web/src/api/problem_text.ts";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { answered, askSample, preparePage } from "./page_tests.ts";

describe.skipIf(NO_BROWSER !== undefined)("the page", () => {
  const at = preparePage();

  test("says for every code that the gateway has what a person can do", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await answered(page);
    for (const code of DOMAIN_CODES) {
      const error = new DomainError(code, `Cannot go on as of ${code}`, { hint: "do otherwise" });
      const refused = problemResponse(error, "request-1", "native");
      const body = await refused.text();
      const headers = Object.fromEntries(refused.headers);
      const { status } = refused;
      // A key that is refused is asked for again, whatever the page was about to do.
      const times = code === "unknown_image" ? 2 : 1;
      await page.route("**/v1/answers", (route) => route.fulfill({ status, headers, body }), {
        times,
      });
      await page.getByRole("button", { name: "Retry" }).click();
      await page.getByRole("alert").filter({ hasText: PROBLEM_TEXTS[code] }).waitFor();
      if (status === 401) {
        await page.getByRole("textbox", { name: "API key" }).fill("medv_key");
        await page.keyboard.press("Enter");
        await answered(page);
        continue;
      }
      await page.getByText("Details").click();
      expect(await page.locator(".problem dl").innerText()).toContain(`Cannot go on as of ${code}`);
    }
    expect(new Set(Object.values(PROBLEM_TEXTS)).size).toBe(Object.keys(PROBLEM_TEXTS).length);
  });

  // What each of them calls when it is drawn again, and nothing else of the page.
  test.each([
    { part: "a dialog", way: ["History"], broken: "Date.prototype.toLocaleString" },
    { part: "a replay", way: ["Replay", "Pause", "Step on"], broken: "Array.prototype.entries" },
    { part: "a dialog's part", way: ["Look at", "Zoom in"], broken: "Math.round" },
  ])("says what to do when $part has a fault itself", async ({ way, broken }) => {
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await answered(page);
    for (const name of way.slice(0, -1)) await page.getByRole("button", { name }).click();
    await page.evaluate(`${broken} = () => { throw new Error("a fault"); }`);
    await page.getByRole("button", { name: way.at(-1) ?? "" }).click();
    const said = "The page has a fault and cannot go on. Reload it; your conversations are kept.";
    await expect.poll(() => page.getByRole("alert").allInnerTexts()).toEqual([said]);
    await page.reload();
    await page.locator(".answer .text").waitFor();
  });
});
