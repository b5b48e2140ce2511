import { describe, expect, test } from "vitest";
import { PROBLEM_TEXTS } from "../../gateway/web/src/api/problem_text.ts";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { ANSWER, answered, askSample, preparePage, violations } from "./page_tests.ts";

describe.skipIf(NO_BROWSER !== undefined)("the page's history", () => {
  const at = preparePage();

  test("keeps conversations in the browser and forgets all with one button", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await answered(page);
    // Its database keeps them, and nothing that would be sent along.
    expect(
      await page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]"),
    ).toEqual([0, 0, ""]);
    await page.getByRole("button", { name: "New" }).click();
    await page.reload();
    await page.getByRole("button", { name: "History" }).click();
    await page.getByRole("button", { name: /^Give a detailed/ }).click();
    expect(await page.locator(".answer .text").innerText()).toContain(ANSWER);
    await page.getByRole("button", { name: "History" }).click();
    await page.getByRole("button", { name: "Delete all" }).click();
    await page.getByRole("button", { name: "Really delete all 1" }).click();
    await page.getByText("There is none yet").waitFor();
    await page.reload();
    await page.getByRole("button", { name: "History" }).click();
    await page.getByText("There is none yet").waitFor();
  });

  test("says where the browser keeps nothing, and answers all the same", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await page.addInitScript("IDBFactory.prototype.open = () => { throw new Error('private'); };");
    await page.reload();
    await page.getByRole("alert").filter({ hasText: PROBLEM_TEXTS.no_storage }).waitFor();
    await askSample(page);
    await answered(page);
    expect(await page.locator(".answer .text").innerText()).toContain(ANSWER);
  });

  test("forgets at once, also while the gateway is away", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await answered(page);
    await page.context().setOffline(true);
    await page.getByRole("button", { name: "History" }).click();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Delete all" }).click();
    await page.getByRole("button", { name: "Really delete all 1" }).click();
    await page.getByText("There is none yet").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test("lets the gateway forget the images of what is deleted", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await answered(page);
    const before = at.served.seen.deleted.length;
    await page.getByRole("button", { name: "History" }).click();
    await page.getByRole("button", { name: /^Delete “/ }).click();
    await page.getByText("There is none yet").waitFor();
    await expect.poll(() => at.served.seen.deleted.length - before).toBe(1);
  });

  test("leaves alone what is written but not asked, and the way back to the page before", async () => {
    const { page } = await visit(at.browser, at.served.url);
    const steps = await page.evaluate("history.length");
    await askSample(page);
    await answered(page);
    await page.getByRole("button", { name: "New" }).click();
    await page.getByRole("button", { name: "Brain MRI" }).click();
    await page.getByText("112 × 112").waitFor();
    await page.getByLabel("Question").fill("Half a question");
    await page.getByRole("button", { name: "History" }).click();
    await page.getByRole("button", { name: /^Give a detailed/ }).click();
    await page.locator(".answer .text").waitFor();
    await page.getByRole("button", { name: "New" }).click();
    await page.getByRole("button", { name: "Brain MRI" }).waitFor();
    expect(await page.getByLabel("Question").inputValue()).toBe("Half a question");
    expect(await page.getByText("112 × 112").count()).toBe(1);
    expect(await page.evaluate("history.length")).toBe(steps);
  });
});
