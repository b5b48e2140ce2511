import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startStack } from "./stack.ts";

test("no process keeps reports about its use for the makers of ONNX Runtime", async () => {
  const home = await mkdtemp(join(tmpdir(), "home-"));
  // Where it would keep its device id and the reports that wait to be sent.
  const stack = await startStack({
    HOME: home,
    XDG_CACHE_HOME: home,
    MEDV_CACHE_DIRECTORY: await mkdtemp(join(tmpdir(), "cache-")),
  });
  await stack.stop();
  expect(await readdir(home, { recursive: true })).toEqual([]);
}, 120_000);
