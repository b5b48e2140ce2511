import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { TowerQueue } from "./tower_queue.ts";

/** A queue in which a tile is taken to cost 50 ms, and the run that it is busy with until it is told: its first one. */
function busy(maxQueueMs: number, tiles: number) {
  const queue = new TowerQueue(maxQueueMs, 50);
  const held = Promise.withResolvers<string>();
  const running = queue.run(tiles, () => held.promise);
  return { queue, running, end: () => held.resolve("done") };
}

test("TowerQueue refuses what would wait too long, with the time after which there is room", async () => {
  const { queue, running, end } = busy(60, 1000);
  expect(queue.aheadMs).toBe(50_000);
  const refused = queue.run(1, () => Promise.resolve("ran"));
  await expect(refused).rejects.toMatchObject({
    code: "overloaded",
    hint: expect.stringMatching(/^try again in \d+ s$/),
  });
  await expect(refused).rejects.toHaveProperty("retryAfterSeconds");
  end();
  expect(await running).toBe("done");
  expect(await queue.run(1, () => Promise.resolve("ran"))).toBe("ran");
});

test("TowerQueue takes in what waits less", async () => {
  const { queue, running, end } = busy(3_600_000, 10);
  const next = queue.run(1, () => Promise.resolve("ran"));
  end();
  expect(await Promise.all([running, next])).toEqual(["done", "ran"]);
});

test("TowerQueue forgets what failed, and learns nothing from it", async () => {
  const queue = new TowerQueue(3_600_000, 0);
  await queue.run(1, () => sleep(20));
  /** What ten tiles are predicted to take; they fail too, so that asking teaches nothing. */
  const tenTilesMs = async (): Promise<number> => {
    const running = queue.run(10, () => Promise.reject(new Error("broken")));
    const { aheadMs } = queue;
    await expect(running).rejects.toThrow("broken");
    return aheadMs;
  };
  const before = await tenTilesMs();
  expect(before).toBeGreaterThan(0);
  expect(await tenTilesMs()).toBe(before);
  expect(queue.aheadMs).toBe(0);
});
