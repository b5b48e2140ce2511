import { describe, expect, test } from "vitest";
import { startCuttingProxy } from "./cutting_proxy.ts";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { ANSWER, answered, askSample, preparePage, SCRIPT } from "./page_tests.ts";
import { scriptedDenoise } from "./scripted_denoise.ts";

describe.skipIf(NO_BROWSER !== undefined)("the page takes up an answer", () => {
  const at = preparePage();

  test("by itself when the connection was cut", async () => {
    at.served.seen.script = scriptedDenoise({ ...SCRIPT, runMs: 200 });
    const proxy = await startCuttingProxy(at.served.port);
    try {
      const { page } = await visit(at.browser, proxy.url);
      const followed: string[] = [];
      page.on("request", (request) => followed.push(`${request.method()} ${request.url()}`));
      await askSample(page);
      for (const place of [0, 8]) {
        await page.locator("svg.fog .fog-committed").nth(place).waitFor();
        proxy.cut();
      }
      await answered(page);
      expect(await page.locator(".answer .text").innerText()).toContain(ANSWER);
      expect(followed.filter((each) => /^GET .*\/v1\/answers\/ans_/.test(each)).length).toBe(2);
      expect(at.served.seen.requests).toHaveLength(1);
    } finally {
      await proxy.stop();
    }
  });

  test("when there is a connection again, and says meanwhile that there is none", async () => {
    at.served.seen.script = scriptedDenoise({ ...SCRIPT, runMs: 200 });
    const proxy = await startCuttingProxy(at.served.port);
    try {
      const { page } = await visit(at.browser, proxy.url);
      await askSample(page);
      await page.locator("svg.fog .fog-committed").first().waitFor();
      await page.context().setOffline(true);
      proxy.cut();
      await page.locator(".warning").filter({ hasText: "no connection to the gateway" }).waitFor();
      const told = page.locator(".answer").getByRole("status");
      expect(await told.textContent()).toBe(
        "There is no connection to the gateway. Trying again …",
      );
      await page.context().setOffline(false);
      await answered(page);
      expect(await page.locator(".answer .text").innerText()).toContain(ANSWER);
      expect(await page.locator(".warning").count()).toBe(0);
    } finally {
      await proxy.stop();
    }
  });

  test("after the page was loaded anew, also where a proxy says first that the gateway is away", async () => {
    at.served.seen.script = scriptedDenoise({ ...SCRIPT, runMs: 200 });
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await page.locator("svg.fog .fog-committed").first().waitFor();
    let refusals = 0;
    await page.route(
      "**/v1/answers/ans_*",
      async (route) => {
        refusals += 1;
        await route.fulfill({ status: 502, contentType: "text/html", body: "Bad gateway" });
      },
      { times: 2 },
    );
    await page.reload();
    await answered(page);
    expect(refusals).toBe(2);
    expect(await page.locator(".answer .text").innerText()).toContain(ANSWER);
    expect(at.served.seen.requests).toHaveLength(1);
    // When its first word came nobody here knows.
    expect(await page.locator(".facts").innerText()).toMatch(/First text\s*–/);
  });

  test("when its tab wakes up, which was cut off while it slept", async () => {
    at.served.seen.script = scriptedDenoise({ ...SCRIPT, runMs: 200 });
    const proxy = await startCuttingProxy(at.served.port);
    try {
      const { page } = await visit(at.browser, proxy.url);
      const tab = await page.context().newCDPSession(page);
      await askSample(page);
      await page.locator("svg.fog .fog-committed").first().waitFor();
      await tab.send("Page.setWebLifecycleState", { state: "frozen" });
      proxy.cut();
      const takenUp = page.waitForRequest(/\/v1\/answers\/ans_/);
      await tab.send("Page.setWebLifecycleState", { state: "active" });
      await takenUp;
      await answered(page);
      expect(await page.locator(".answer .text").innerText()).toContain(ANSWER);
      expect(at.served.seen.requests).toHaveLength(1);
    } finally {
      await proxy.stop();
    }
  });

  test("that was begun but of which no word came back, by asking once more under the same key", async () => {
    const { page } = await visit(at.browser, at.served.url);
    const keys: (string | undefined)[] = [];
    await page.route("**/v1/answers", async (route) => {
      const request = route.request();
      keys.push(request.headers()["idempotency-key"]);
      if (keys.length > 1) return await route.continue();
      const headers = { "content-type": "application/json", "idempotency-key": keys[0] ?? "" };
      const response = await fetch(request.url(), {
        method: "POST",
        headers,
        body: request.postData(),
      });
      await response.text();
      return await route.abort("connectionreset");
    });
    await askSample(page);
    await answered(page);
    expect(keys).toEqual([expect.stringMatching(/^[\da-f-]{36}$/), keys[0]]);
    expect(at.served.seen.requests).toHaveLength(1);
    expect(await page.locator(".answer .text").innerText()).toContain(ANSWER);
  });
});
