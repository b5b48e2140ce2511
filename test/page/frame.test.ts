import { writeDicom } from "@medv/gateway/image/dicom/testing/write_dicom";
import type { Page, Request } from "playwright-core";
import { describe, expect, test } from "vitest";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { answered, preparePage, shownPixels, violations } from "./page_tests.ts";

/** Side of a frame in pixels. */
const SIDE = 32;

/** A file of three frames, of which the gateway takes the middle one. */
const STACK = { name: "stack.dcm", mimeType: "application/dicom", buffer: stack() };

describe.skipIf(NO_BROWSER !== undefined)("the page shows a file of several frames", () => {
  const at = preparePage();

  test("by the frame that one chooses, for which the file is not sent again, and asks about that", async () => {
    const { page, faults } = await visit(at.browser, at.served.url);
    const posts: Request[] = [];
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().includes("/v1/images")) posts.push(request);
    });
    await attachFrames(page);
    await page.getByRole("button", { name: "Frame and window of stack.dcm" }).click();
    await page.getByText("Frame 2 of 3:").waitFor();
    const slider = page.getByRole("slider", { name: "Frame" });
    expect(await slider.inputValue()).toBe("2");
    const before = await shownPixels(page);
    await slider.focus();
    await page.keyboard.press("End");
    expect(await slider.getAttribute("aria-valuetext")).toBe("3 of 3");
    await page.getByText("Frame 3 of 3:").waitFor();
    await expect.poll(() => shownPixels(page)).not.toBe(before);
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByText("frame 3 of 3").waitFor();
    await ask(page, "What is it?");
    await answered(page);
    const [, ...others] = posts;
    for (const other of others) expect(await other.headerValue("content-length")).toBe("0");
    expect(others.at(-1)?.url()).toMatch(/\?frame=3&from=img_/);
    const { deleted, requests } = at.served.seen;
    await expect.poll(() => deleted.length).toBe(others.length);
    expect(deleted).not.toContain(requests.at(-1)?.images[0]?.handle?.digest);
    expect(faults).toEqual([]);
  });

  test("by a picture that is read once, however often the answer beside it changes", async () => {
    const { page, faults } = await visit(at.browser, at.served.url);
    const tiles: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("/tiles/")) tiles.push(request.url());
    });
    await attachFrames(page);
    await page.getByRole("button", { name: "Look at stack.dcm" }).locator("img").waitFor();
    const before = tiles.length;
    await ask(page, "What is it?");
    await answered(page);
    await page.getByRole("article").getByRole("button").locator("img").waitFor();
    expect(tiles.length - before).toBe(1);
    expect(faults).toEqual([]);
  });

  test("by another frame for the next question, and keeps that of the question before", async () => {
    const { page, faults } = await visit(at.browser, at.served.url);
    const { deleted, requests } = at.served.seen;
    const deletedBefore = deleted.length;
    await attachFrames(page);
    await ask(page, "What is it?");
    await answered(page);
    const thumb = page.getByRole("article").getByRole("button", { name: "Look at stack.dcm" });
    await thumb.click();
    const slider = page.getByRole("slider", { name: "Frame" });
    await slider.fill("1");
    await page.getByText("Frame 1 of 3:").waitFor();
    await page.getByText("This view goes with your next question").waitFor();
    // The window goes on from the frame that is shown, and is of the same image.
    await page.getByLabel("Width").focus();
    await page.keyboard.press("Home");
    await page.getByText("and width 1.").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await thumb.click();
    await page.getByText("Frame 2 of 3:").waitFor();
    await page.keyboard.press("Escape");
    const chips = page.getByRole("list", { name: "Images to ask about" }).getByRole("listitem");
    expect(await chips.count()).toBe(1);
    await ask(page, "And this one?");
    await answered(page, 2);
    const [first, second] = requests.map(({ images }) =>
      images.map(({ handle }) => handle?.digest),
    );
    expect(second).toEqual([first?.[0], expect.any(String)]);
    expect(second?.[1]).not.toBe(first?.[0]);
    // Frame 1 through its own window was asked about by nobody.
    await expect.poll(() => deleted.length - deletedBefore).toBe(1);
    expect(deleted.slice(deletedBefore)).not.toContain(first?.[0]);
    expect(faults).toEqual([]);
  });
});

/** Stripes of grey, other ones in each frame. */
function stack(): Buffer {
  const pixels = [2, 3, 5].flatMap((step) =>
    Array.from({ length: SIDE ** 2 }, (_, place) => (step * (place % SIDE) * 8) % 256),
  );
  return Buffer.from(
    writeDicom([
      ["00280002", "US", 1],
      ["00280004", "CS", "MONOCHROME2"],
      ["00280008", "IS", "3"],
      ["00280010", "US", SIDE],
      ["00280011", "US", SIDE],
      ["00280100", "US", 8],
      ["00280101", "US", 8],
      ["00280102", "US", 7],
      ["00280103", "US", 0],
      ["7fe00010", "OW", Uint8Array.from(pixels)],
    ]),
  );
}

async function attachFrames(page: Page): Promise<void> {
  await page.locator("input[type=file]").first().setInputFiles(STACK);
  await page.getByText("frame 2 of 3").waitFor();
}

async function ask(page: Page, question: string): Promise<void> {
  await page.getByLabel("Question").fill(question);
  await page.keyboard.press("Enter");
}
