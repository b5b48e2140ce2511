import { createApiKey, entryOf, parseApiKeys } from "@medv/gateway/auth/api_key";
import { describe, expect, test } from "vitest";
import { NO_BROWSER, open } from "./open_browser.ts";
import { ANSWER, answered, askSample, preparePage, violations } from "./page_tests.ts";

const [key, other] = [createApiKey(), createApiKey()];
const apiKeys = parseApiKeys(`${entryOf("clinic", key)},${entryOf("clinic", other)}`);
const STORED = "localStorage.getItem('llada-medv-api-key')";

describe.skipIf(NO_BROWSER !== undefined)("the page before a gateway that wants a key", () => {
  const at = preparePage({ access: { apiKeys } });
  test("asks for a key, says when it is a wrong one, and goes on with the right one", async () => {
    const { page, faults } = await open(at.browser, at.served.url);
    await page.getByText("This gateway asks for an API key").waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate("document.activeElement.type")).toBe("password");
    await page.keyboard.type("medv_wrong");
    await page.keyboard.press("Enter");
    await page.getByText("does not know this key").waitFor();
    await page.getByRole("textbox", { name: "API key" }).fill(`  ${key} `);
    await page.keyboard.press("Enter");
    await askSample(page);
    await answered(page);
    expect(await page.locator(".answer .text").innerText()).toContain(ANSWER);
    await page.getByRole("button", { name: "Look at" }).first().click();
    await page.getByAltText("Tile 1 of 1").waitFor();
    expect(faults).toEqual([]);
  });

  test("keeps the key in the browser, for other tabs too, and forgets it with one button", async () => {
    const { page } = await open(at.browser, at.served.url);
    const second = await page.context().newPage();
    await second.goto(at.served.url);
    await second.getByText("This gateway asks for an API key").waitFor();
    await page.getByRole("textbox", { name: "API key" }).fill(key);
    await page.keyboard.press("Enter");
    await page.getByLabel("Question").waitFor();
    await second.getByLabel("Question").waitFor();
    await page.reload();
    await page.getByLabel("Question").waitFor();
    expect(await page.evaluate(STORED)).toBe(key);
    await page.getByRole("button", { name: "Key", exact: true }).click();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Forget the key" }).click();
    expect(await page.evaluate(STORED)).toBeNull();
    expect(await page.getByRole("button", { name: "Key", exact: true }).count()).toBe(0);
  });

  test("sends a question again by itself when a key is given that the gateway takes", async () => {
    const { page } = await open(at.browser, at.served.url);
    await page.getByRole("textbox", { name: "API key" }).fill(key);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Two findings" }).click();
    await page.getByText("112 × 112").waitFor();
    apiKeysWithout(key);
    await page.getByRole("button", { name: "Give a detailed description" }).click();
    await page.getByText("does not know this key").waitFor();
    await page.getByRole("textbox", { name: "API key" }).fill(other);
    await page.keyboard.press("Enter");
    await answered(page);
    expect(at.served.seen.requests).toHaveLength(1);
  });

  test("names the key in code as a variable of the environment only", async () => {
    const { page } = await open(at.browser, at.served.url);
    await page.getByRole("textbox", { name: "API key" }).fill(other);
    await page.keyboard.press("Enter");
    await askSample(page);
    await answered(page);
    await page.getByRole("button", { name: "Code" }).click();
    const curl = await page.locator("pre").innerText();
    expect(curl).toContain('-H "authorization: Bearer $MEDV_API_KEY"');
    await page.getByRole("button", { name: "openai", exact: true }).click();
    const openai = await page.locator("pre").innerText();
    expect(openai).toContain("apiKey: process.env.MEDV_API_KEY");
    expect(await page.content()).not.toContain(other);
    expect(page.url()).not.toContain(other);
  });
});

/** As if the operator had taken a key back. */
function apiKeysWithout(taken: string): void {
  const hash = entryOf("clinic", taken).slice("clinic:".length);
  (apiKeys as Map<string, string>).delete(hash);
}
