import { describe, expect, test } from "vitest";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { answered, askSample, isInViewport, PHONE, preparePage, violations } from "./page_tests.ts";

/** What is too small for a thumb, or so small that a phone zooms in on it. */
const TOO_SMALL = `[...document.querySelectorAll(
    "button, select, summary, textarea, input[type=range], label.button")]
  .filter((element) => element.checkVisibility())
  .map((element) => ({
    what: element.outerHTML.slice(0, 60),
    height: element.getBoundingClientRect().height,
    font: parseFloat(getComputedStyle(element).fontSize),
    isField: element.matches("select, textarea"),
  }))
  .filter(({ height, font, isField }) => height < 44 || (isField && font < 16))`;

describe.skipIf(NO_BROWSER !== undefined)("the page", () => {
  const at = preparePage();

  test("shows six samples by name", async () => {
    const { page } = await visit(at.browser, at.served.url);
    const samples = page.locator(".samples button");
    expect((await samples.allInnerTexts()).map((name) => name.trim())).toEqual([
      "Chest X-ray",
      "Brain MRI",
      "Abdominal CT",
      "Histology",
      "Gross pathology",
      "Two findings",
    ]);
    const widths = await page.evaluate<number[]>(`Promise.all(
      [...document.querySelectorAll(".samples img")].map(async (image) => {
        await image.decode();
        return image.naturalWidth;
      }))`);
    expect(widths).toEqual([112, 112, 112, 112, 112, 112]);
  });

  test("is made for a thumb on a phone", async () => {
    const { page } = await visit(at.browser, at.served.url, PHONE);
    await page.getByText("Length 64 tokens").click();
    expect(await page.evaluate(TOO_SMALL)).toEqual([]);
    await page.getByText("Length 64 tokens").click();
    await askSample(page);
    await answered(page);
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByRole("button", { name: "Pause" }).click();
    expect(await page.evaluate(TOO_SMALL)).toEqual([]);
    const [back, on] = await Promise.all(
      ["Step back", "Step on"].map((name) => page.getByRole("button", { name }).boundingBox()),
    );
    expect(back?.y).toBe(on?.y);
  });

  test.each([
    { display: "phone", options: PHONE },
    { display: "desktop", options: {} },
  ])("says on a $display that it is no clinical tool, in dialogs too", async ({ options }) => {
    const { page } = await visit(at.browser, at.served.url, options);
    const notice = page.getByText("Research tool, not for clinical use");
    expect(await isInViewport(notice)).toBe(true);
    await askSample(page);
    await answered(page);
    expect(await isInViewport(notice)).toBe(true);
    await page.getByRole("button", { name: /^Look at/ }).click();
    await page.getByAltText("Tile 1 of 1").scrollIntoViewIfNeeded();
    expect(await isInViewport(page.getByRole("dialog").getByText(/not for clinical use/))).toBe(
      true,
    );
  });

  test("is light in the light and dark in the dark, its dialogs and its fog too", async () => {
    const { page } = await visit(at.browser, at.served.url, { colorScheme: "light" });
    const colour = (selector: string, property: string): Promise<string> =>
      page.evaluate(`getComputedStyle(document.querySelector("${selector}"))["${property}"]`);
    expect(await colour("body", "background-color")).toBe("rgb(246, 245, 241)");
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await colour("body", "background-color")).toBe("rgb(20, 24, 28)");
    await askSample(page);
    await answered(page);
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByRole("button", { name: "Pause" }).click();
    expect(await colour(".fog-cover", "fill")).toBe("rgb(71, 82, 92)");
    expect(await colour(".fog text", "fill")).toBe("rgb(238, 242, 245)");
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "History" }).click();
    await page.getByRole("dialog").waitFor();
    expect(await colour("dialog", "background-color")).toBe("rgb(20, 24, 28)");
    expect(await violations(page)).toEqual([]);
  });

  test("can be installed: the browser takes its manifest as it is", async () => {
    const { page } = await visit(at.browser, at.served.url);
    const tab = await page.context().newCDPSession(page);
    const { errors, data } = await tab.send("Page.getAppManifest");
    expect(errors).toEqual([]);
    const manifest = JSON.parse(data ?? "") as { icons: { src: string }[] };
    expect(manifest).toMatchObject({ name: "LLaDA-MedV", start_url: "/", display: "standalone" });
    for (const { src } of manifest.icons) {
      expect((await page.request.get(`${at.served.url}${src}`)).ok()).toBe(true);
    }
  });
});
