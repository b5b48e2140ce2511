import { gzipSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { startStack } from "../stack.ts";
import { startCuttingProxy } from "./cutting_proxy.ts";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { ANSWER, answered, askSample, preparePage, SCRIPT, violations } from "./page_tests.ts";
import { CHEST_TOKENS, scriptedDenoise } from "./scripted_denoise.ts";

if (NO_BROWSER !== undefined) process.stderr.write(`skipped: ${NO_BROWSER}\n`);

describe.skipIf(NO_BROWSER !== undefined)("the page", () => {
  const at = preparePage();
  test("weighs at most 60 KB gzipped, samples included", () => {
    const bytes = [...at.served.page.values()].map((file) => gzipSync(file.bytes).length);
    expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(60 << 10);
  });

  test("leads from the first visit to an answer that clears out of the fog, with no fault and no foreign request", async () => {
    const { promise: hasLooked, resolve: goOn } = Promise.withResolvers<void>();
    at.served.seen.script = async function* held(request, context) {
      for await (const response of scriptedDenoise(SCRIPT)(request, context)) {
        yield response;
        const { event } = response;
        if (event?.case === "blockDraft" && event.value.forwardPasses === 5) await hasLooked;
      }
    };
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

  test("really stops an answer, and keeps what was certain", async () => {
    let ended = 0;
    at.served.seen.script = async function* endless(request, context) {
      context.signal.addEventListener("abort", () => (ended += 1));
      yield* scriptedDenoise({ ...SCRIPT, runMs: 400 })(request, context);
    };
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await page.locator("svg.fog .fog-committed").first().waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped").waitFor();
    await expect.poll(() => ended).toBe(1);
    await page.getByRole("button", { name: "Retry" }).waitFor();
  });

  test("takes up an answer by itself when the connection was cut", async () => {
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

  test("takes up an answer after the page was loaded anew", async () => {
    at.served.seen.script = scriptedDenoise({ ...SCRIPT, runMs: 200 });
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await page.locator("svg.fog .fog-committed").first().waitFor();
    await page.reload();
    await answered(page);
    expect(await page.locator(".answer .text").innerText()).toContain(ANSWER);
    expect(at.served.seen.requests).toHaveLength(1);
  });

  test("opens without the gateway, with what the browser keeps, and goes on when it is back", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await answered(page);
    await page.evaluate("navigator.serviceWorker.ready");
    await page.reload(); // now through the worker, which keeps the files
    await page.locator(".answer .text").waitFor();
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

  test("says in a sentence what to do when an image is refused", async () => {
    const { page } = await visit(at.browser, at.served.url);
    const file = { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("hello") };
    await page.locator("input[type=file]").first().setInputFiles(file);
    await page.getByText("This kind of file is not taken").waitFor();
    expect(await page.getByRole("button", { name: "Ask", exact: true }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Remove notes.txt" }).click();
    expect(await page.getByText("This kind of file is not taken").count()).toBe(0);
  });

  test("sends an image again that the gateway has forgotten", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await page.getByRole("button", { name: "Two findings" }).click();
    await page.getByText("112 × 112").waitFor();
    await page.route("**/v1/answers", async (route) => {
      const body = { code: "unknown_image", detail: "gone" };
      await route.fulfill({ status: 404, json: body });
      await page.unroute("**/v1/answers");
    });
    await page.getByRole("button", { name: "Give a detailed description" }).click();
    await answered(page);
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test("keeps conversations in the browser and forgets all with one button", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await askSample(page);
    await answered(page);
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

  test.each([
    {
      name: "phone",
      options: { viewport: { width: 360, height: 720 }, hasTouch: true, isMobile: true },
    },
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

  test("works with the keyboard alone", async () => {
    const { page } = await visit(at.browser, at.served.url);
    const tabTo = async (name: string): Promise<void> => {
      for (let presses = 0; presses < 40; presses++) {
        const label = await page.evaluate(
          "(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim()",
        );
        if (label === name) return;
        await page.keyboard.press("Tab");
      }
      throw new Error(`no Tab leads to "${name}"`);
    };
    await tabTo("Brain MRI");
    await page.keyboard.press("Enter");
    await page.getByText("112 × 112").waitFor();
    await page.getByRole("textbox").focus();
    await page.keyboard.type("Is this image normal?");
    await page.keyboard.press("Enter");
    await answered(page);
    await tabTo("Replay");
    await page.keyboard.press("Enter");
    // What comes and goes beside a button does not take the focus from it.
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Text");
    await tabTo("Pause");
    await page.keyboard.press("Space");
    await tabTo("History");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    expect(await page.getByRole("dialog").count()).toBe(0);
  });

  test("takes an image that is dropped or pasted", async () => {
    const { page } = await visit(at.browser, at.served.url);
    const png = await sharp({ create: { width: 20, height: 10, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    await page.evaluate(`{
      const bytes = Uint8Array.from(atob("${png.toString("base64")}"), (each) => each.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
      document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
      document.dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
    }`);
    await expect.poll(() => page.getByText("20 × 10").count()).toBe(2);
  });

  test("answers through the three real processes", async () => {
    const stack = await startStack();
    try {
      const { page, faults } = await visit(at.browser, stack.url);
      await page.getByText("Length 64 tokens").click();
      await page.getByLabel("Length").fill("8");
      await askSample(page);
      await answered(page);
      expect(await page.locator(".facts").innerText()).toContain("Forward passes");
      await page.getByLabel("Template").fill("IT IS {{4}} ON THE {{left|right side of it}}.");
      await page.getByLabel("Question").fill("Where is it?");
      await page.keyboard.press("Enter");
      await answered(page, 2);
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
