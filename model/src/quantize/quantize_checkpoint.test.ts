import {
  chmod,
  cp,
  mkdtemp,
  open,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { openCheckpoint, type Checkpoint } from "../checkpoint.ts";
import { readTensorBytes } from "../safetensors.ts";
import { decodeFloats } from "./decode_floats.ts";
import { quantizeCheckpoint } from "./quantize_checkpoint.ts";
import { quantizedSource, scaleName } from "./quantized_file.ts";
import { rotate } from "./rotation.ts";

const PHANTOM = join(import.meta.dirname, "../../checkpoints/phantom");
// Threads start slowly on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const HEAD = "lm_head.weight";
const DOWN = "model.layers.2.mlp.down_proj.weight";

async function copy(): Promise<string> {
  const directory = join(await mkdtemp(join(tmpdir(), "quantize-")), "phantom");
  await cp(PHANTOM, directory, {
    recursive: true,
    filter: (name) => !name.includes("model.int8."),
  });
  return directory;
}

/** Options with what they were told. */
async function options(vocabulary = 400) {
  const told: number[] = [];
  const cacheFolder = await mkdtemp(join(tmpdir(), "cache-"));
  const progress = (done: number, total: number): void => void told.push(done / total);
  return { told, options: { vocabulary, cacheFolder, threads: 2, progress } };
}

const signal = new AbortController().signal;

async function floatRows(checkpoint: Checkpoint, name: string, shape: readonly number[]) {
  const tensor = checkpoint.tensor(name, shape);
  return decodeFloats(await readTensorBytes(tensor.file, tensor), tensor.dtype);
}

test("quantizeCheckpoint() keeps every weight within half a step of its output channel's scale", async () => {
  const checkpoint = await openCheckpoint(await copy());
  const { hiddenSize, intermediateSize } = checkpoint.config.language;
  const file = await quantizeCheckpoint(checkpoint, (await options()).options, signal);
  for (const [name, out, width] of [
    [DOWN, hiddenSize, intermediateSize],
    [HEAD, 400, hiddenSize],
    ["model.mm_projector.2.weight", hiddenSize, hiddenSize],
  ] as const) {
    const rows = await floatRows(checkpoint, name, [out, width]);
    rotate(rows, 32);
    const weight = new Int8Array((await readTensorBytes(file.path, file.tensor(name))).buffer);
    const scaleBytes = await readTensorBytes(file.path, file.tensor(scaleName(name)));
    const scale = new Float32Array(scaleBytes.buffer);
    expect(file.tensor(name).shape).toEqual([width, out]);
    let worst = 0;
    for (let at = 0; at < out * width; at++) {
      const [row, channel] = [Math.floor(at / width), at % width];
      const step = scale[row] ?? NaN;
      const value = (weight[channel * out + row] ?? NaN) * step;
      worst = Math.max(worst, Math.abs(value - (rows[at] ?? NaN)) / step);
    }
    expect(worst).toBeLessThan(0.501);
  }
});

test("quantizeCheckpoint() tells how far it is, and takes what is there without a word", async () => {
  const checkpoint = await openCheckpoint(await copy());
  const first = await options();
  const made = await quantizeCheckpoint(checkpoint, first.options, signal);
  expect(first.told.at(-1)).toBe(1);
  expect(first.told).toEqual(first.told.toSorted((left, right) => left - right));
  const second = await options();
  const found = await quantizeCheckpoint(checkpoint, second.options, signal);
  expect(found.path).toBe(made.path);
  expect(made.path).toContain(checkpoint.directory);
  expect(second.told).toEqual([]);
});

test("quantizeCheckpoint() writes the same bytes whatever the number of threads", async () => {
  const files = [];
  for (const threads of [1, 3]) {
    const checkpoint = await openCheckpoint(await copy());
    const { options: given } = await options();
    const { path } = await quantizeCheckpoint(checkpoint, { ...given, threads }, signal);
    files.push((await readFile(path)).subarray(-2_000_000));
  }
  expect(files[0]?.equals(files[1] ?? Buffer.alloc(0))).toBe(true);
});

test("quantizeCheckpoint() makes new weights when the source changes between the digest's samples", async () => {
  const directory = await copy();
  const before = await openCheckpoint(directory);
  const old = await quantizeCheckpoint(before, (await options()).options, signal);
  const source = await quantizedSource(before);
  const weight = before.tensor(DOWN, [192, 512]);
  const file = await open(weight.file, "r+");
  await file.write(new Uint8Array(64).fill(0x40), 0, 64, weight.offset);
  await file.close();
  // A second later, as times are compared in seconds.
  const later = new Date(Date.now() + 2000);
  await utimes(weight.file, later, later);

  const after = await openCheckpoint(directory);
  expect(after.digest).toBe(before.digest);
  expect(await quantizedSource(after)).not.toEqual(source);
  const { told, options: given } = await options();
  const oldScale = await readTensorBytes(old.path, old.tensor(scaleName(DOWN)));
  const made = await quantizeCheckpoint(after, given, signal);
  expect(told.at(-1)).toBe(1);
  expect(await readTensorBytes(made.path, made.tensor(scaleName(DOWN)))).not.toEqual(oldScale);
});

test("quantizeCheckpoint() names the file after the digest, which the tokenizer and every tensor's end are part of", async () => {
  const directory = await copy();
  const before = await openCheckpoint(directory);
  const old = await quantizeCheckpoint(before, (await options()).options, signal);
  const weight = before.tensor(DOWN, [192, 512]);
  const file = await open(weight.file, "r+");
  await file.write(new Uint8Array(64).fill(0x40), 0, 64, weight.offset + weight.byteLength - 64);
  await file.close();
  const changed = await openCheckpoint(directory);
  const made = await quantizeCheckpoint(changed, (await options()).options, signal);
  expect(made.path).not.toBe(old.path);
  expect(made.path).toContain(changed.digest.slice(0, 16));
});

test("quantizeCheckpoint() leaves nothing behind when it is stopped half-way", async () => {
  const directory = await copy();
  const checkpoint = await openCheckpoint(directory);
  const { options: given } = await options();
  const controller = new AbortController();
  const reason = new Error("stopped");
  const progress = (): void => controller.abort(reason);
  await expect(
    quantizeCheckpoint(checkpoint, { ...given, progress }, controller.signal),
  ).rejects.toThrow(reason);
  expect((await readdir(directory)).filter((name) => name.includes("int8"))).toEqual([]);
  expect(await readdir(given.cacheFolder)).toEqual([]);
});

test("quantizeCheckpoint() removes the draft of a process that died long ago, not one under way", async () => {
  const directory = await copy();
  const checkpoint = await openCheckpoint(directory);
  const name = `model.int8.${checkpoint.digest.slice(0, 16)}.safetensors`;
  const [dead, alive] = [`${name}.dead.part`, `${name}.alive.part`];
  for (const draft of [dead, alive]) await writeFile(join(directory, draft), "");
  await utimes(join(directory, dead), 0, 0);
  await quantizeCheckpoint(checkpoint, (await options()).options, signal);
  const names = await readdir(directory);
  expect(names).toContain(alive);
  expect(names).not.toContain(dead);
});

test("quantizeCheckpoint() of two processes at once gives both a whole file", async () => {
  const checkpoint = await openCheckpoint(await copy());
  const [first, second] = await Promise.all(
    [await options(), await options()].map(({ options: given }) =>
      quantizeCheckpoint(checkpoint, given, signal),
    ),
  );
  expect(second?.path).toBe(first?.path);
  expect((await stat(first?.path ?? "")).size).toBeGreaterThan(2_000_000);
});

test.skipIf(process.getuid?.() === 0)(
  "quantizeCheckpoint() goes to the cache folder when the checkpoint is read-only",
  async () => {
    const directory = await copy();
    await chmod(directory, 0o500);
    const { options: given } = await options();
    const file = await quantizeCheckpoint(await openCheckpoint(directory), given, signal);
    expect(file.path).toContain(given.cacheFolder);
  },
);

test("quantizeCheckpoint() takes a file that lies in the cache folder", async () => {
  const directory = await copy();
  const checkpoint = await openCheckpoint(directory);
  const first = await options();
  const made = await quantizeCheckpoint(checkpoint, first.options, signal);
  const elsewhere = await copy();
  await symlink(made.path, join(first.options.cacheFolder, made.path.split("/").at(-1) ?? ""));
  // A copy has a time of its own, unless it is told otherwise.
  const { atime, mtime } = await stat(join(directory, "model.safetensors"));
  await utimes(join(elsewhere, "model.safetensors"), atime, mtime);
  const found = await quantizeCheckpoint(await openCheckpoint(elsewhere), first.options, signal);
  expect(found.path).toBe(made.path);
});
