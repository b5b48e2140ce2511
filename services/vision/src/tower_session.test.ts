import { expect, test } from "vitest";
import { readConfig } from "./config.ts";
import { openTower } from "./tower_session.ts";

test("openTower() runs the embedded checkpoint's tower, each tile by itself", async () => {
  const errors: Error[] = [];
  const tower = await openTower({ ...readConfig({}), onExit: (error) => errors.push(error) });
  const tile = tower.imageSize ** 2 * 3;
  const pixels = new Uint8Array(2 * tile).map((_, i) => (i * 31) % 251);
  const signal = new AbortController().signal;
  const run = (tiles: number, data: Uint8Array) =>
    tower.run(
      { dtype: "uint8", shape: [tiles, tower.imageSize, tower.imageSize, 3], data },
      signal,
    );
  const both = await run(2, pixels);
  const second = await run(1, pixels.subarray(tile));
  await tower.release();
  expect(tower.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(tower.tileMs).toBeGreaterThan(0);
  // The checkpoint is bfloat16, which has no place on the wire.
  expect(both.dtype).toBe("float16");
  expect(both.shape).toEqual([2, ...second.shape.slice(1)]);
  const half = both.data.length / 2;
  const distances = Array.from({ length: half }, (_, i) =>
    Math.abs(Number(second.data[i]) - Number(both.data[half + i])),
  );
  // Bits of float16: neighbours differ by 1, and a batch of two may round otherwise than one of one.
  expect(distances.filter((distance) => distance > 4).length).toBeLessThan(half / 100);
  expect(errors).toEqual([]);
});
