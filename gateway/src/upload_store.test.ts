import { setTimeout as sleep } from "node:timers/promises";
import { NO_REMOTE_CACHE } from "@medv/runtime/remote_cache/remote_cache";
import { expect, test } from "vitest";
import { newImageId, UploadStore } from "./upload_store.ts";

test.each(["no JSON", "{}", '{"digest":"d","choice":{},"expiresAt":"never"}'])(
  "an id is unknown whose shared record is %s",
  async (record) => {
    const remote = { ...NO_REMOTE_CACHE, get: () => Promise.resolve(Buffer.from(record)) };
    const store = new UploadStore({ remote, maxBytes: 100, ttlMs: 60_000 });
    await expect(store.find(newImageId(), "a")).rejects.toMatchObject({ code: "unknown_image" });
  },
);

test("an id is unknown once its time is over, here and for whoever shares a cache", async () => {
  const kept: number[] = [];
  const remote = {
    ...NO_REMOTE_CACHE,
    set: async (...[, , seconds]: Parameters<typeof NO_REMOTE_CACHE.set>) =>
      void kept.push(seconds),
  };
  const stay = new UploadStore({ remote, maxBytes: 100, ttlMs: 60_000 });
  const leave = new UploadStore({ remote, maxBytes: 100, ttlMs: 50 });
  const file = { bytes: new Uint8Array(5), choice: {}, digest: "d" };
  const ids = [newImageId(), newImageId()] as const;
  const { expiresAt } = await stay.add(ids[0], file, "a");
  await leave.add(ids[1], file, "a");
  expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 50_000);
  expect(kept).toEqual([60, 0.05]);
  await sleep(100);
  expect((await stay.find(ids[0], "a")).digest).toBe("d");
  await expect(leave.find(ids[1], "a")).rejects.toMatchObject({ code: "unknown_image" });
});
