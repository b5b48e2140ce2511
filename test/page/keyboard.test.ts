import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { answered, preparePage, SCRIPT, shownScale } from "./page_tests.ts";
import { scriptedDenoise } from "./scripted_denoise.ts";

/** What the focus is on, in the page. */
const FOCUSED = `(({ ariaLabel, labels, textContent }) =>
  (ariaLabel ?? labels?.[0]?.textContent ?? textContent).trim())(document.activeElement)`;

describe.skipIf(NO_BROWSER !== undefined)("the page works with the keyboard alone", () => {
  const at = preparePage();

  test("from a sample to its answer, its replay and the conversations", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await takeSample(page);
    await tabTo(page, "Length 64 tokens");
    await page.keyboard.press("Enter");
    await tabTo(page, "Length64");
    await page.keyboard.press("ArrowRight");
    await page.getByText("Length 72 tokens").waitFor();
    await tabTo(page, "Question");
    await page.keyboard.type("Is this image normal?");
    await page.keyboard.press("Enter");
    await answered(page);
    expect(at.served.seen.requests[0]?.settings?.genLength).toBe(72);
    await tabTo(page, "Replay");
    await page.keyboard.press("Enter");
    // What comes and goes beside a button does not take the focus from it.
    expect(await page.evaluate(FOCUSED)).toBe("Text");
    await tabTo(page, "Pause");
    await page.keyboard.press("Space");
    await tabTo(page, "History");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await page.evaluate(FOCUSED)).toBe("History");
  });

  test("to stop an answer", async () => {
    at.served.seen.script = scriptedDenoise({ ...SCRIPT, runMs: 60_000 });
    const { page } = await visit(at.browser, at.served.url);
    await takeSample(page);
    await tabTo(page, "Is this image normal?");
    await page.keyboard.press("Enter");
    await page.locator("svg.fog").waitFor();
    await tabTo(page, "Stop");
    await page.keyboard.press("Enter");
    await page.getByText("Stopped before any word was certain.").waitFor();
    await expect.poll(() => page.evaluate(FOCUSED)).toBe("Question");
  });

  test("in an image at large, which comes and goes with the focus in its place", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await takeSample(page);
    await tabTo(page, "Look at mri.png");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await tabTo(page, "mri.png: plus and minus zoom");
    await page.keyboard.press("+");
    await page.getByText("150 %").waitFor();
    expect(await shownScale(page)).toBe(1.5);
    for (let press = 0; press < 30; press++) await page.keyboard.press("ArrowRight");
    // However far one goes, the image stays in its frame.
    const [image, frame] = await page.evaluate<number[]>(`["zoom-content", "zoom-frame"].map(
      (name) => Math.round(document.querySelector("." + name).getBoundingClientRect().right))`);
    expect(image).toBe(frame);
    expect(await page.evaluate(ARE_LEFT)).toEqual([true, true, true]);
    await page.keyboard.press("0");
    await page.getByText("100 %").waitFor();
    expect(await shownScale(page)).toBe(1);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await page.evaluate(FOCUSED)).toBe("Look at mri.png");
  });

  test.each(["its button", "a click beside it"])(
    "after a dialog that was closed by %s",
    async (way) => {
      const { page } = await visit(at.browser, at.served.url);
      await tabTo(page, "History");
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor();
      if (way === "its button") await page.getByRole("button", { name: "Close" }).click();
      else await page.mouse.click(4, 4);
      await page.getByRole("dialog").waitFor({ state: "detached" });
      expect(await page.evaluate(FOCUSED)).toBe("History");
    },
  );
});

/** Whether the keys of the browser itself are left to it. */
const ARE_LEFT = `["-", "0", "ArrowLeft"].map((key) =>
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown",
    { key, ctrlKey: key !== "ArrowLeft", altKey: key === "ArrowLeft", bubbles: true, cancelable: true })))`;

async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    const focused = await page.evaluate<string>(FOCUSED);
    if (focused.startsWith(name)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`no Tab leads to "${name}"`);
}

/** Takes a sample by its button and waits until it is sent. */
async function takeSample(page: Page): Promise<void> {
  await tabTo(page, "Brain MRI");
  await page.keyboard.press("Enter");
  await page.getByText("112 × 112").waitFor();
}
