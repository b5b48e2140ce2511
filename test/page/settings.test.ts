import type { Script } from "@medv/gateway/testing/scripted_gateway";
import { DomainError } from "@medv/proto";
import { describe, expect, test } from "vitest";
import { NO_BROWSER, visit } from "./open_browser.ts";
import { ANSWER, answered, askSample, preparePage, SCRIPT, violations } from "./page_tests.ts";
import { scriptedDenoise } from "./scripted_denoise.ts";

describe.skipIf(NO_BROWSER !== undefined)("the page's settings", () => {
  const at = preparePage();

  test("ask for so many tokens, so many words or a template, never for two of them", async () => {
    const { page } = await visit(at.browser, at.served.url);
    const asked = () => {
      const { genLength, words, template } = at.served.seen.requests.at(-1)?.settings ?? {};
      return { genLength, words, template };
    };
    await page.getByText("Length 64 tokens").click();
    await page.getByLabel("Length").fill("32");
    await askSample(page);
    await answered(page);
    expect(asked()).toEqual({ genLength: 32 });

    await page.getByLabel("Count").selectOption("words");
    await page.getByLabel("Length").fill("40");
    await page.getByText("Length 40 words").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByLabel("Question").fill("And in words?");
    await page.keyboard.press("Enter");
    await answered(page, 2);
    expect(asked()).toEqual({ words: 40 });

    await page.getByLabel("Template").fill("It is {{left|right}}.");
    expect(await page.getByLabel("Length").isDisabled()).toBe(true);
    await page.getByLabel("Question").fill("And the side?");
    await page.keyboard.press("Enter");
    await answered(page, 3);
    expect(asked()).toEqual({ template: "It is {{left|right}}." });
    await page.getByRole("button", { name: "Code" }).last().click();
    const code = await page.locator("pre").innerText();
    expect(code).toContain('"template": "It is {{left|right}}."');
    expect(code).not.toContain("max_tokens");
  });

  test("show at the field what the gateway says of it, until that is changed", async () => {
    at.served.seen.script = refuseWithoutGap;
    const { page } = await visit(at.browser, at.served.url);
    await page.getByText("Length 64 tokens").click();
    await page.getByLabel("Template").fill("It is left.");
    await page.getByText("By a template").click(); // the field is not in sight
    await askSample(page);
    const field = page.getByLabel("Template");
    await page.locator("#template-problem").waitFor();
    expect(await field.isVisible()).toBe(true);
    expect(await page.locator("#template-problem").innerText()).toBe(
      "Cannot use the template as it must have a gap: write {{16}} or {{left|right}}",
    );
    expect(await field.getAttribute("aria-invalid")).toBe("true");
    expect(await violations(page)).toEqual([]);
    await field.fill("It is {{left|right}}.");
    expect(await page.locator("#template-problem").count()).toBe(0);
    await page.getByRole("button", { name: "Retry" }).click();
    await answered(page);
    expect(await page.locator(".answer .text").innerText()).toContain(ANSWER);
  });
});

const refuseWithoutGap: Script = async function* refuse(request, context) {
  if (request.settings?.template?.includes("{{") !== true) {
    throw new DomainError("invalid_setting", "Cannot use the template as it must have a gap", {
      field: "diffusion.template",
      hint: "write {{16}} or {{left|right}}",
    });
  }
  yield* scriptedDenoise(SCRIPT)(request, context);
};
