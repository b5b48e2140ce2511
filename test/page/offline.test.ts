import { describe, expect, test } from "vitest";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { ANSWER, answered, askSample, preparePage } from "./page_tests.ts";

describe.skipIf(NO_BROWSER !== undefined)("the page", () => {
  const at = preparePage();

  test("opens without the gateway, with what the browser keeps, and goes on when it is back", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await answered(page);
    await page.evaluate("navigator.serviceWorker.ready");
    await page.context().setOffline(true);
    await page.reload();
    expect(await page.locator(".answer .text").innerText()).toContain(ANSWER);
    await page.getByText("The page itself tries again").waitFor();
    await page.context().setOffline(false);
    await page.getByText("The page itself tries again").waitFor({ state: "detached" });
    await page.getByLabel("Question").fill("And more?");
    await page.keyboard.press("Enter");
    await answered(page, 2);
  });

  test("keeps all files of its own from the first visit on, and lets go of those of a version before", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await page.evaluate("navigator.serviceWorker.ready");
    await page.evaluate(`caches.open("page").then(
      (cache) => cache.put("/assets/index-before.js", new Response("before")))`);
    await page.reload();
    const names = [...at.served.page.keys()].filter((name) => !/index.html|worker/.test(name));
    const kept = (): Promise<string[]> =>
      page.evaluate(`caches.open("page").then((cache) => cache.keys())
        .then((requests) => requests.map(({ url }) => new URL(url).pathname).sort())`);
    await expect.poll(kept).toEqual([...new Set(["/", ...names])].toSorted());
  });
});
