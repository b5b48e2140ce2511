import { mkdir, open, rename, rm, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readModelConfig } from "../config.ts";
import { languageTensors, visionTensors } from "../tensor_names.ts";
import { trainByteBpe } from "./byte_bpe.ts";
import { corpus } from "./corpus.ts";
import { fillBfloat16, type Fill } from "./random_weights.ts";
import type { CheckpointSize } from "./sizes.ts";
import { baseVocabulary, configJson, writeConfiguration } from "./write_configuration.ts";

const MAX_SHARD_BYTES = 5e9;
/** Elements written at a time. */
const CHUNK = 1 << 20;
/** Entries that are worth learning from so small a corpus. */
const LEARNT = 1200;

type Tensor = { readonly name: string; readonly shape: readonly number[]; readonly bytes: number };

/**
 * Writes a checkpoint with seeded random weights: the published layout, any size, in bounded memory. The directory
 * appears whole or not at all.
 *
 * @param progress Called with the bytes written so far and in all.
 * @throws {RangeError} If the disk has no room, saying how much is missing.
 */
export async function writeCheckpoint(
  directory: string,
  size: CheckpointSize,
  seed: number,
  progress: (written: number, total: number) => void,
): Promise<void> {
  const bpe = trainByteBpe(corpus(), Math.min(LEARNT, size.base_vocab));
  const tensors = tensorList(configJson(size, baseVocabulary(size, bpe)));
  const total = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  await mkdir(dirname(directory), { recursive: true });
  const { bavail, bsize } = await statfs(dirname(directory));
  if (bavail * bsize < total * 1.01) {
    throw new RangeError(
      `Cannot write checkpoint "${directory}" as it takes ${total} bytes: disk has ${bavail * bsize} left`,
    );
  }
  const draft = `${directory}.part`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  await writeConfiguration(draft, size, bpe);

  let written = 0;
  const shards = shardTensors(tensors);
  const weightMap: Record<string, string> = {};
  for (const [index, shard] of shards.entries()) {
    const file =
      shards.length === 1
        ? "model.safetensors"
        : `model-${number(index + 1)}-of-${number(shards.length)}.safetensors`;
    for (const tensor of shard) weightMap[tensor.name] = file;
    await writeShard(join(draft, file), shard, seed, (bytes) => {
      written += bytes;
      progress(written, total);
    });
  }
  if (shards.length > 1) {
    await writeJson(join(draft, "model.safetensors.index.json"), {
      metadata: { total_size: total },
      weight_map: weightMap,
    });
  }
  await rm(directory, { recursive: true, force: true });
  await rename(draft, directory);
}

function tensorList(json: Readonly<Record<string, unknown>>): readonly Tensor[] {
  const config = readModelConfig(json, "the checkpoint to make");
  const rows = config.language.vocabSize;
  return [...languageTensors(config), ...visionTensors(config)].map(([name, dims]) => {
    const shape = dims.map((dim) => dim ?? rows);
    return { name, shape, bytes: shape.reduce((product, dim) => product * dim, 2) };
  });
}

function shardTensors(tensors: readonly Tensor[]): readonly (readonly Tensor[])[] {
  const shards: Tensor[][] = [];
  let room = 0;
  for (const tensor of tensors) {
    if (shards.length === 0 || tensor.bytes > room) {
      shards.push([]);
      room = MAX_SHARD_BYTES;
    }
    shards.at(-1)?.push(tensor);
    room -= tensor.bytes;
  }
  return shards;
}

async function writeShard(
  path: string,
  tensors: readonly Tensor[],
  seed: number,
  progress: (bytes: number) => void,
): Promise<void> {
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  for (const { name, shape, bytes } of tensors) {
    header[name] = { dtype: "BF16", shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  // Padded to 8 bytes, as the format's own writer does.
  const text = JSON.stringify(header);
  const json = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(json.length), true);
  const file = await open(path, "w");
  try {
    await file.write(prefix);
    await file.write(json);
    const buffer = new Uint16Array(CHUNK);
    for (const tensor of tensors) {
      const elements = tensor.bytes / 2;
      for (let start = 0; start < elements; start += CHUNK) {
        const part = buffer.subarray(0, Math.min(CHUNK, elements - start));
        fillBfloat16(part, fillOf(tensor.name, seed), start);
        await file.write(new Uint8Array(part.buffer, 0, part.byteLength));
        progress(part.byteLength);
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

function fillOf(name: string, seed: number): Fill {
  if (name.endsWith(".bias")) return { kind: "zeros" };
  if (/norm\d?\.weight$/.test(name)) return { kind: "ones" };
  let hash = seed | 0;
  for (const letter of name) hash = (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) | 0;
  return { kind: "normal", seed: hash };
}

function number(value: number): string {
  return String(value).padStart(5, "0");
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value)}\n`);
}
