import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readSafetensorsHeader, readTensorBytes } from "./safetensors.ts";

async function fileOf(header: unknown, data: Uint8Array): Promise<string> {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length));
  const path = join(await mkdtemp(join(tmpdir(), "safetensors-")), "model.safetensors");
  await writeFile(path, Buffer.concat([prefix, json, data]));
  return path;
}

const f32 = (shape: readonly number[], from: number, to: number): object => ({
  dtype: "F32",
  shape,
  data_offsets: [from, to],
});

test("readSafetensorsHeader() tells where each tensor's bytes lie", async () => {
  const path = await fileOf({ a: f32([2], 0, 8), b: f32([1], 8, 12) }, new Uint8Array(12).fill(7));
  const entries = await readSafetensorsHeader(path);
  const b = entries.get("b");
  expect(b).toMatchObject({ dtype: "F32", shape: [1], byteLength: 4 });
  if (b === undefined) throw new Error("b is missing");
  expect(await readTensorBytes(path, b)).toEqual(new Uint8Array(4).fill(7));
});

test.each([
  {
    what: "a truncated file",
    header: { a: f32([4], 0, 16) },
    bytes: 10,
    message: /"a".*truncated/,
  },
  {
    what: "overlapping tensors",
    header: { a: f32([2], 0, 8), b: f32([2], 4, 12) },
    bytes: 12,
    message: /"b".*must not overlap/,
  },
  {
    what: "bytes that do not fit the shape",
    header: { a: f32([3], 0, 8) },
    bytes: 8,
    message: /"a".*F32 \[3\] takes 12 bytes: found 8/,
  },
  {
    what: "an unknown dtype",
    header: { a: { dtype: "Q4", shape: [1], data_offsets: [0, 1] } },
    bytes: 1,
    message: /"a".*dtype must be one of.*"Q4"/,
  },
  { what: "a header that is no JSON", header: "{{{", bytes: 0, message: /header must be JSON/ },
])("readSafetensorsHeader() refuses $what", async ({ header, bytes, message }) => {
  const path = await fileOf(header, new Uint8Array(bytes));
  await expect(readSafetensorsHeader(path)).rejects.toThrow(message);
});

test("readSafetensorsHeader() refuses a header that is longer than the file", async () => {
  const path = join(await mkdtemp(join(tmpdir(), "safetensors-")), "model.safetensors");
  await writeFile(path, Buffer.from([255, 0, 0, 0, 0, 0, 0, 0, 1]));
  await expect(readSafetensorsHeader(path)).rejects.toThrow(/header claims 255/);
});
