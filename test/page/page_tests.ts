import type { Script } from "@medv/gateway/testing/scripted_gateway";
import axe from "axe-core";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { openBrowser } from "./open_browser.ts";
import { CHEST_TOKENS, scriptedDenoise } from "./scripted_denoise.ts";
import { startPage } from "./start_page.ts";

/** What the tests of a page find when they run. */
export type PageTests = {
  served: Awaited<ReturnType<typeof startPage>>;
  browser: Browser;
};

/** The answer that is played where a test says nothing else, and its end. */
export const SCRIPT = {
  tokens: CHEST_TOKENS,
  blockLength: 16,
  perStep: 2,
  revises: true,
  runMs: 10,
} as const;
export const ANSWER = "either lung.";

/** A small phone. */
export const PHONE = {
  viewport: { width: 360, height: 720 },
  hasTouch: true,
  isMobile: true,
} as const;

/**
 * Opens a browser and the page before a gateway of its own for the tests of a suite.
 *
 * @returns Where both stand once the tests run.
 */
export function preparePage(options?: Parameters<typeof startPage>[0]): Readonly<PageTests> {
  // Both are there before the first test.
  const at = {} as PageTests;
  beforeAll(async () => {
    at.served = await startPage(options);
    at.browser = await openBrowser();
  });
  afterAll(async () => {
    await at.browser?.close();
    await at.served?.stop();
  });
  afterEach(async () => {
    await Promise.all(at.browser.contexts().map((context) => context.close()));
  });
  beforeEach(() => {
    at.served.seen.script = scriptedDenoise(SCRIPT);
    at.served.seen.requests.length = 0;
  });
  return at;
}

/** The scripted answer, held where a token is covered again until it is let go. */
export function heldScript(): { readonly script: Script; readonly goOn: () => void } {
  const { promise: hasLooked, resolve: goOn } = Promise.withResolvers<void>();
  const script: Script = async function* held(request, context) {
    for await (const response of scriptedDenoise(SCRIPT)(request, context)) {
      yield response;
      const { event } = response;
      if (event?.case === "blockDraft" && event.value.forwardPasses === 5) await hasLooked;
    }
  };
  return { script, goOn };
}

/** Takes the sample with two findings and asks a question about it. */
export async function askSample(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Two findings" }).click();
  await page.getByRole("button", { name: "Give a detailed description" }).click();
}

/** Waits until so many answers have come to their end. */
export async function answered(page: Page, count = 1): Promise<void> {
  await expect.poll(() => page.locator(".facts").count()).toBe(count);
}

/** What axe finds wrong. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = (await page.evaluate("axe.run()")) as axe.AxeResults;
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

/** The levels of the image that is shown at large, made small. */
export async function shownPixels(page: Page): Promise<string> {
  return await page.evaluate(`(async () => {
    // While another view is fetched there is no image for a moment.
    let image = null;
    while ((image = document.querySelector(".zoom-content img")) === null) {
      await new Promise(requestAnimationFrame);
    }
    await image.decode();
    const canvas = new OffscreenCanvas(16, 16);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0, 16, 16);
    return context.getImageData(0, 0, 16, 16).data.join();
  })()`);
}

/** How large an image stands in its window. */
export async function shownScale(page: Page): Promise<number> {
  return await page.evaluate(
    `new DOMMatrix(getComputedStyle(document.querySelector(".zoom-content")).transform).a`,
  );
}

/** Whether all of an element lies in the part of the page that is seen. */
export async function isInViewport(element: Locator): Promise<boolean> {
  const box = await element.boundingBox();
  const seen = element.page().viewportSize();
  if (box === null || seen === null) return false;
  const { x, y, width, height } = box;
  return x >= 0 && y >= 0 && x + width <= seen.width && y + height <= seen.height;
}
