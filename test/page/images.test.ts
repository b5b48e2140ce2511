import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { answered, isInViewport, PHONE, preparePage, shownScale } from "./page_tests.ts";

const HEIC = join(import.meta.dirname, "../../gateway/src/image/testing/phone.heic");

describe.skipIf(NO_BROWSER !== undefined)("the page", () => {
  const at = preparePage();

  test("takes an image that is dropped or pasted", async () => {
    const { page } = await visit(at.browser, at.served.url);
    const png = await drawPng("red");
    await page.evaluate(`{
      const bytes = Uint8Array.from(atob("${png.toString("base64")}"), (each) => each.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
      document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
      document.dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
    }`);
    await expect.poll(() => page.getByText("20 × 10").count()).toBe(2);
    await page.getByRole("button", { name: "Is this image normal?" }).click();
    await answered(page);
    expect(at.served.seen.requests[0]?.messages[0]?.parts).toHaveLength(3);
  });

  test("takes a photo where there is a thumb", async () => {
    const { page } = await visit(at.browser, at.served.url, PHONE);
    const field = page.locator("input[capture=environment]");
    expect(await page.locator("label", { has: field }).isVisible()).toBe(true);
    const buffer = await drawPng("red");
    await field.setInputFiles({ name: "photo.png", mimeType: "image/png", buffer });
    await page.getByText("20 × 10").waitFor();
    const { page: desktop } = await visit(at.browser, at.served.url);
    expect(await desktop.getByText("Photo").isVisible()).toBe(false);
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

  test("takes a phone's HEIC, and shows it as the model sees it", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await page.locator("input[type=file]").first().setInputFiles(HEIC);
    const picture = page.getByRole("button", { name: "Look at phone.heic" }).locator("img");
    await picture.waitFor();
    expect(await picture.getAttribute("src")).toMatch(/^blob:/);
    const width = (): Promise<number> =>
      page.evaluate("document.querySelector('.chip img').naturalWidth");
    await expect.poll(width).toBeGreaterThan(0);
  });

  test("shows an image larger by wheel and by two fingers, and moves it by one", async () => {
    const { page } = await visit(at.browser, at.served.url, PHONE);
    await page.getByRole("button", { name: "Two findings" }).click();
    await page.getByText("112 × 112").waitFor();
    await page.getByRole("button", { name: /^Look at/ }).click();
    const frame = page.locator(".zoom-frame");
    await frame.hover();
    await page.mouse.wheel(0, -300);
    await expect.poll(() => shownScale(page)).toBeCloseTo(Math.E, 5);
    await page.getByRole("button", { name: "Whole" }).click();
    const { x = 0, y = 0, width = 0 } = (await frame.boundingBox()) ?? {};
    const tab = await page.context().newCDPSession(page);
    /** Fingers on the frame, each so far from its left edge. */
    const touch = async (type: "touchStart" | "touchMove" | "touchEnd", fingers: number[]) => {
      const touchPoints = fingers.map((each, id) => ({ id, x: x + each * width, y: y + 60 }));
      await tab.send("Input.dispatchTouchEvent", { type, touchPoints });
    };
    await touch("touchStart", [0.4, 0.6]);
    await touch("touchMove", [0.3, 0.7]);
    await touch("touchEnd", []);
    const scale = await shownScale(page);
    expect(scale).toBeGreaterThan(1.5);
    const left = (): Promise<number> =>
      page.evaluate("document.querySelector('.zoom-content').getBoundingClientRect().left");
    const before = await left();
    await touch("touchStart", [0.4]);
    await touch("touchMove", [0.5]);
    await touch("touchEnd", []);
    expect((await left()) - before).toBeCloseTo(width / 10, 0);
    expect(await shownScale(page)).toBe(scale);
  });

  test("says what of a file was left out", async () => {
    const { page } = await visit(at.browser, at.served.url);
    const buffer = await sharp([await drawPng("red"), await drawPng("blue")], {
      join: { animated: true },
    })
      .gif()
      .toBuffer();
    const file = { name: "moving.gif", mimeType: "image/gif", buffer };
    await page.locator("input[type=file]").first().setInputFiles(file);
    await page.getByText("20 × 10").waitFor();
    await page.getByRole("button", { name: "Look at moving.gif" }).click();
    await page.getByText("The file has several frames or pages: only the first").waitFor();
    await page.getByAltText("Tile 1 of 1").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test("sends an image once more where that may help", async () => {
    const { page } = await visit(at.browser, at.served.url);
    const away = { status: 503, json: { code: "unavailable", detail: "starting" } };
    await page.route("**/v1/images?*", (route) => route.fulfill(away), { times: 1 });
    await page.getByRole("button", { name: "Two findings" }).click();
    await page.getByText("The model is starting or cannot be reached").waitFor();
    await page.getByRole("button", { name: /^Try .* again$/ }).click();
    await page.getByText("112 × 112").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    await page.getByRole("button", { name: "Is this image normal?" }).click();
    await answered(page);
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

  test("lets the gateway forget an image that is removed", async () => {
    const { page } = await visit(at.browser, at.served.url);
    const before = at.served.seen.deleted.length;
    const removed: string[] = [];
    page.on("request", (request) => {
      if (request.method() === "DELETE") removed.push(new URL(request.url()).pathname);
    });
    await page.getByRole("button", { name: "Two findings" }).click();
    await page.getByText("112 × 112").waitFor();
    await page.getByRole("button", { name: /^Remove/ }).click();
    await expect.poll(() => removed).toEqual([expect.stringMatching(/^\/v1\/images\/img_/)]);
    await expect.poll(() => at.served.seen.deleted.length - before).toBe(1);
  });

  test("keeps what one writes in sight, however many images go with it", async () => {
    const { page } = await visit(at.browser, at.served.url, PHONE);
    const buffer = await drawPng("red");
    const files = [1, 2, 3, 4, 5].map((each) => ({
      name: `${each}.png`,
      mimeType: "image/png",
      buffer,
    }));
    await page.locator("input[type=file]").first().setInputFiles(files);
    await expect.poll(() => page.getByText("20 × 10").count()).toBe(5);
    const { y = 0 } = (await page.getByRole("form", { name: "Ask" }).boundingBox()) ?? {};
    expect(y).toBeGreaterThan(720 / 3);
    for (const control of [
      page.getByLabel("Question"),
      page.getByRole("button", { name: "Ask", exact: true }),
    ]) {
      expect(await isInViewport(control)).toBe(true);
    }
  });

  test("lets go of the picture of a window that was closed before it was drawn", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await page.getByRole("button", { name: "Two findings" }).click();
    await page.getByText("112 × 112").waitFor();
    await page
      .getByRole("button", { name: /^Look at/ })
      .locator("img")
      .waitFor();
    const left = await page.evaluate(`(async () => {
      const held = new Set();
      const { createObjectURL, revokeObjectURL } = URL;
      URL.createObjectURL = (file) => {
        const url = createObjectURL.call(URL, file);
        held.add(url);
        return url;
      };
      URL.revokeObjectURL = (url) => {
        held.delete(url);
        revokeObjectURL.call(URL, url);
      };
      // All of it before the next frame.
      document.querySelector(".thumb").click();
      while (document.querySelector("dialog") === null) await undefined;
      document.querySelector(".dialog-head button").click();
      while (document.querySelector("dialog") !== null) await undefined;
      for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
      return held.size;
    })()`);
    expect(left).toBe(0);
  });
});

describe.skipIf(NO_BROWSER !== undefined)("the page before a model that looks at tiles", () => {
  const [imageSize, twice] = [28, 56];
  const gridPinpoints = [{ width: twice, height: twice }];
  const at = preparePage({ preprocessing: { imageSize, aspectRatio: "anyres", gridPinpoints } });

  test("shows every tile that the model is shown, and that nothing else goes on", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await page.getByRole("button", { name: "Two findings" }).click();
    await page.getByText("112 × 112").waitFor();
    await page.getByRole("button", { name: /^Look at/ }).click();
    await page.getByText("became 5 tiles of 28 × 28: the whole, then 2 side by side").waitFor();
    await page.getByText("names, dates, places and all other metadata stay behind").waitFor();
    await page.getByAltText("Tile 5 of 5").waitFor();
    const widths = await page.evaluate<number[]>(`Promise.all(
      [...document.querySelectorAll(".tiles img")].map(async (image) => {
        await image.decode();
        return image.naturalWidth;
      }))`);
    expect(widths).toEqual([28, 28, 28, 28, 28]);
  });
});

function drawPng(background: string): Promise<Buffer> {
  return sharp({ create: { width: 20, height: 10, channels: 3, background } })
    .png()
    .toBuffer();
}
