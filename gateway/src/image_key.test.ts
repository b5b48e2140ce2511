import { expect, test } from "vitest";
import { imageKey } from "./image_key.ts";

const PARTS = {
  tenantScope: "a",
  digest: "d",
  choice: {},
  settings: { imageSize: 384, aspectRatio: "anyres", gridPinpoints: [[384, 768]] },
} as const;
const { settings } = PARTS;

const CHANGES: readonly (readonly [
  what: string,
  change: Partial<Parameters<typeof imageKey>[0]>,
])[] = [
  ["bytes", { digest: "e" }],
  ["tenant", { tenantScope: "b" }],
  ["frame", { choice: { frame: 2 } }],
  ["window of the file", { choice: { window: 1 } }],
  ["another window of the file", { choice: { window: 2 } }],
  ["window of the caller's", { choice: { window: { center: 1, width: 2 } } }],
  ["size of tiles", { settings: { ...settings, imageSize: 336 } }],
  ["way of filling a tile", { settings: { ...settings, aspectRatio: "pad" } }],
  ["canvases", { settings: { ...settings, gridPinpoints: [[768, 384]] } }],
];

test("imageKey() is another one for each part that is another one, and tells none of them", () => {
  const keys = CHANGES.map(([, change]) => imageKey({ ...PARTS, ...change }));
  expect(new Set([imageKey(PARTS), ...keys]).size).toBe(CHANGES.length + 1);
  expect(imageKey({ ...PARTS, choice: {} })).toBe(imageKey(PARTS));
  for (const key of keys) expect(key).toMatch(/^[\w-]{43}$/);
});
