import { expect, test } from "vitest";
import { mergeStreams } from "./merge_streams.ts";

async function* count(name: string, items: number, closed: string[] = []): AsyncGenerator<string> {
  try {
    for (let item = 0; item < items; item++) yield `${name}${item}`;
  } finally {
    closed.push(name);
  }
}

async function* fails(): AsyncGenerator<string> {
  yield "f0";
  throw new Error("Cannot go on as the test says so");
}

async function collect(streams: readonly AsyncGenerator<string>[]): Promise<string[]> {
  const items: string[] = [];
  for await (const item of mergeStreams(streams)) items.push(item);
  return items;
}

test("mergeStreams() gives every item of every stream, none of them held back", async () => {
  const items = await collect([count("a", 3), count("b", 1), count("c", 2)]);
  expect(items).toEqual(["a0", "b0", "c0", "a1", "c1", "a2"]);
});

test("mergeStreams() closes the others when one fails", async () => {
  const closed: string[] = [];
  await expect(collect([count("a", 9, closed), fails()])).rejects.toThrow("Cannot go on");
  expect(closed).toEqual(["a"]);
});

test("mergeStreams() closes all when its reader leaves", async () => {
  const closed: string[] = [];
  for await (const item of mergeStreams([count("a", 9, closed), count("b", 9, closed)])) {
    if (item === "a1") break;
  }
  expect(closed).toEqual(["a", "b"]);
});
