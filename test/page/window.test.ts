import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { oneRowFile } from "@medv/gateway/image/dicom/testing/one_row_file";
import type { Page, Request } from "playwright-core";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { answered, preparePage, shownPixels, violations } from "./page_tests.ts";

/** A CT that offers two windows, the first at level 40 with width 400. */
const CT = join(import.meta.dirname, "../../gateway/src/image/dicom/testing/files/ct_jpeg_ls.dcm");

describe.skipIf(NO_BROWSER !== undefined)("the page shows a DICOM file", () => {
  const at = preparePage();

  test("through another window, for which the file is not sent again, and asks about that", async () => {
    const { page, faults } = await visit(at.browser, at.served.url);
    const posts: Request[] = [];
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().includes("/v1/images")) posts.push(request);
    });
    await openWindow(page);
    expect(await page.getByLabel("Level").inputValue()).toBe("40");
    expect(await page.getByLabel("Width").inputValue()).toBe("400");
    const before = await shownPixels(page);
    // A slider passes through many values; what is sent is where it stands still.
    await page.getByLabel("Level").fill("-600");
    await page.getByLabel("Width").fill("1500");
    await expect.poll(() => shownPixels(page)).not.toBe(before);
    await page.getByText("grey values at level -600 and width 1500").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByLabel("Question").fill("What is it?");
    await page.keyboard.press("Enter");
    await answered(page);
    const [first, ...others] = posts;
    expect(await first?.headerValue("content-length")).toBe(String((await readFile(CT)).length));
    for (const other of others) expect(await other.headerValue("content-length")).toBe("0");
    expect(others.at(-1)?.url()).toMatch(/center=-600&width=1500&from=img_/);
    // The gateway keeps one of them, the one that is asked about.
    const { deleted, requests } = at.served.seen;
    await expect.poll(() => deleted.length).toBe(others.length);
    expect(deleted).not.toContain(requests.at(-1)?.images[0]?.handle?.digest);
    expect(faults).toEqual([]);
  });

  test("as the file says again, with one button", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await openWindow(page);
    const before = await shownPixels(page);
    expect(await page.getByRole("button", { name: "As in the file" }).isDisabled()).toBe(true);
    await page.getByLabel("Width").focus();
    await page.keyboard.press("Home");
    await expect.poll(() => shownPixels(page)).not.toBe(before);
    await page.getByRole("button", { name: "As in the file" }).click();
    await expect.poll(() => shownPixels(page)).toBe(before);
    expect(await page.getByLabel("Width").inputValue()).toBe("400");
  });

  test("through another window also when the gateway has forgotten the file", async () => {
    const { page } = await visit(at.browser, at.served.url);
    await openWindow(page);
    const before = await shownPixels(page);
    await page.route("**/v1/images?*from=*", async (route) => {
      await route.fulfill({ status: 404, json: { code: "unknown_image", detail: "gone" } });
    });
    await page.getByLabel("Level").fill("-600");
    await expect.poll(() => shownPixels(page)).not.toBe(before);
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test("and grey of 16 bits, but nothing of 8", async () => {
    const { page } = await visit(at.browser, at.served.url);
    const grey = Uint16Array.from({ length: 64 }, (_, place) => 1000 + 10 * place);
    const wide = sharp(grey, { raw: { width: 8, height: 8, channels: 1 } }).toColourspace("grey16");
    const plain = sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } });
    const files = [
      { name: "wide.png", mimeType: "image/png", buffer: await wide.png().toBuffer() },
      { name: "plain.png", mimeType: "image/png", buffer: await plain.png().toBuffer() },
    ];
    await page.locator("input[type=file]").first().setInputFiles(files);
    await expect.poll(() => page.getByText("8 × 8").count()).toBe(2);
    expect(await page.getByRole("button", { name: "Window of plain.png" }).count()).toBe(0);
    await page.getByRole("button", { name: "Window of wide.png" }).click();
    const before = await shownPixels(page);
    await page.getByLabel("Width").fill("20");
    await expect.poll(() => shownPixels(page)).not.toBe(before);
  });

  test("in small steps where its values lie close together", async () => {
    const { page } = await visit(at.browser, at.served.url);
    const values = [0, 50, 100, 150, 200, 248];
    const buffer = Buffer.from(oneRowFile({ bits: 8, values }, ["00281053", "DS", "0.01"]));
    const file = { name: "close.dcm", mimeType: "application/dicom", buffer };
    await page.locator("input[type=file]").first().setInputFiles(file);
    await page.getByRole("button", { name: "Window of close.dcm" }).click();
    const level = page.getByLabel("Level");
    expect(await level.inputValue()).toBe("1.24");
    expect(await page.getByLabel("Width").inputValue()).toBe("2.48");
    await level.focus();
    await page.keyboard.press("ArrowRight");
    await page.getByText("grey values at level 1.25 and width 2.48").waitFor();
  });
});

async function openWindow(page: Page): Promise<void> {
  await page.locator("input[type=file]").first().setInputFiles(CT);
  await page.getByText("64 × 48").waitFor();
  await page.getByRole("button", { name: "Window of ct_jpeg_ls.dcm" }).click();
  await page.locator(".zoom-content img").waitFor();
}
