import { expect, test } from "vitest";
import type { NamedImage } from "../image_url.ts";
import { fetchNamedImages } from "./fetch_named_images.ts";

const { signal } = new AbortController();

function named(url: string, field = "image_url"): NamedImage {
  return { type: "url", url, field };
}

test("fetchNamedImages() fetches each URL once, a few at a time, and keeps the order", async () => {
  const images = Array.from({ length: 20 }, (_, index) => named(`https://a/${index % 10}`));
  const asked: string[] = [];
  let running = 0;
  let most = 0;
  const fetchImage = async (url: string): Promise<Uint8Array> => {
    asked.push(url);
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return Buffer.from(url);
  };
  const sources = await fetchNamedImages(images, fetchImage, signal);
  expect(asked).toHaveLength(10);
  expect(new Set(asked).size).toBe(10);
  expect(most).toBe(4);
  const texts = sources.map((each) => each.type === "bytes" && Buffer.from(each.bytes).toString());
  expect(texts).toEqual(images.map((each) => each.type === "url" && each.url));
});

test("fetchNamedImages() fetches nothing more once one failed, and names its field", async () => {
  const images = Array.from({ length: 20 }, (_, index) =>
    named(`https://a/${index}`, `field ${index}`),
  );
  const signals: AbortSignal[] = [];
  const fetchImage = async (url: string, field: string, each: AbortSignal): Promise<Uint8Array> => {
    signals.push(each);
    if (url === "https://a/2") throw new Error(field);
    await new Promise((_, reject) => each.addEventListener("abort", () => reject(each.reason)));
    return new Uint8Array();
  };
  await expect(fetchNamedImages(images, fetchImage, signal)).rejects.toThrow("field 2");
  expect(signals).toHaveLength(4);
  expect(signals.every(({ aborted }) => aborted)).toBe(true);
});
