import { expect, test } from "vitest";
import { apiKey, enterKey, nextKey } from "./api_key.ts";

const refusal = { code: "invalid_api_key" } as const;

test("nextKey() waits for a key that is entered after the refused one", async () => {
  const { entered } = apiKey.get();
  const { signal } = new AbortController();
  const next = nextKey(refusal, entered, signal);
  expect(apiKey.get().refusal).toEqual(refusal);
  enterKey("secret");
  await next;
  await nextKey(refusal, entered, signal);
  expect(apiKey.get()).toMatchObject({ key: "secret", refusal: undefined });
});

test.each(["before it", "meanwhile"])(
  "nextKey() of a request that ends %s ends too",
  async (when) => {
    const { entered } = apiKey.get();
    const controller = new AbortController();
    const end = (): void => controller.abort(new RangeError("enough"));
    if (when === "before it") end();
    const next = nextKey(refusal, entered, controller.signal);
    if (when === "meanwhile") end();
    await expect(next).rejects.toThrow("enough");
  },
);
