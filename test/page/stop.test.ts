import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { askSample, preparePage, SCRIPT } from "./page_tests.ts";
import { scriptedDenoise } from "./scripted_denoise.ts";

describe.skipIf(NO_BROWSER !== undefined)("the page's Stop", () => {
  const at = preparePage();

  test("really stops an answer, keeps what was certain, and leaves alone what is written meanwhile", async () => {
    let ended = 0;
    at.served.seen.script = async function* held(request, context) {
      context.signal.addEventListener("abort", () => (ended += 1));
      for await (const response of scriptedDenoise(SCRIPT)(request, context)) {
        yield response;
        if (response.event?.case === "textDelta") await once(context.signal, "abort");
      }
    };
    const { page } = await visit(at.browser, at.served.url, { reducedMotion: "reduce" });
    await askSample(page);
    const text = page.locator(".answer .text");
    await text.filter({ hasText: "This is" }).waitFor();
    const certain = (await text.innerText()).replace(" …", "");
    await page.getByLabel("Question").fill("And on the other side?");
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped: this is what was certain by then.").waitFor();
    await expect.poll(() => ended).toBe(1);
    await page.getByRole("button", { name: "Retry" }).waitFor();
    expect(await text.innerText()).toBe(certain);
    expect(await page.getByLabel("Question").inputValue()).toBe("And on the other side?");
    expect(at.served.seen.requests).toHaveLength(1);
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test("stops an answer of which nothing had come yet as soon as it can be named", async () => {
    let ended = 0;
    at.served.seen.script = async function* endless(request, context) {
      context.signal.addEventListener("abort", () => (ended += 1));
      yield* scriptedDenoise({ ...SCRIPT, runMs: 60_000 })(request, context);
    };
    const { page } = await visit(at.browser, at.served.url);
    const { promise: isStopped, resolve: goOn } = Promise.withResolvers<void>();
    await page.route("**/v1/answers", async (route) => {
      await isStopped;
      await route.continue();
    });
    await askSample(page);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped before any word was certain.").waitFor();
    const deletion = page.waitForRequest((request) => request.method() === "DELETE");
    goOn();
    expect((await deletion).url()).toContain("/v1/answers/ans_");
    // The decoder may not have been asked before the answer was deleted.
    await expect.poll(() => at.served.seen.requests.length - ended).toBe(0);
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test("asks the next question about the image of the one that was stopped", async () => {
    at.served.seen.script = scriptedDenoise({ ...SCRIPT, runMs: 60_000 });
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await page.locator("svg.fog").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    at.served.seen.script = scriptedDenoise(SCRIPT);
    await page.getByLabel("Question").fill("What is it, then?");
    await page.keyboard.press("Enter");
    await page.locator(".facts").waitFor();
    expect(at.served.seen.requests.at(-1)?.images).toHaveLength(1);
    expect(at.served.seen.requests.at(-1)?.messages).toHaveLength(1);
  });
});
