import { realpath, stat } from "node:fs/promises";
import type { Checkpoint } from "../checkpoint.ts";
import {
  readSafetensorsHeader,
  readSafetensorsMetadata,
  type SafetensorsEntry,
} from "../safetensors.ts";
import type { TensorLayout } from "../write_safetensors.ts";
import type { LinearLayer } from "./linear_layers.ts";

/** An int8 file that fits a checkpoint. */
export type QuantizedFile = {
  /** Real path. */
  readonly path: string;
  /** @throws {RangeError} If the file has no such tensor. */
  tensor(name: string): SafetensorsEntry;
};

/** What an int8 file was made from, as its metadata says. */
export type QuantizedSource = { readonly format: string; readonly source: string };

/** Changes whenever the same weights would be written otherwise. */
const FORMAT = "int8-rotated-1";

/** Name of a checkpoint's int8 file, in whatever folder it lies. */
export function quantizedFileName(checkpoint: Checkpoint): string {
  return `model.int8.${checkpoint.digest.slice(0, 16)}.safetensors`;
}

/** Name of the scales of a weight. */
export function scaleName(weight: string): string {
  return `${weight}_scale`;
}

/** Scales first, so that they lie at multiples of four bytes. */
export function quantizedLayout(layers: readonly LinearLayer[]): readonly TensorLayout[] {
  return [
    ...layers.map(({ name, out }): TensorLayout => ({
      name: scaleName(name),
      dtype: "F32",
      shape: [out],
      byteLength: out * 4,
    })),
    ...layers.map(({ name, out, in: width }): TensorLayout => ({
      name,
      dtype: "I8",
      shape: [width, out],
      byteLength: width * out,
    })),
  ];
}

/** The digest samples every tensor; size and time of its files tell of changes between the samples. */
export async function quantizedSource(checkpoint: Checkpoint): Promise<QuantizedSource> {
  const files = await Promise.all(checkpoint.files.map((file) => stat(file)));
  const times = files.map(({ size, mtimeMs }) => `${size}@${Math.floor(mtimeMs / 1000)}`);
  return { format: FORMAT, source: `${checkpoint.digest} ${times.join(" ")}` };
}

/** The file if it is there and was made from this very source. */
export async function openQuantizedFile(
  link: string,
  layout: readonly TensorLayout[],
  source: QuantizedSource,
): Promise<QuantizedFile | undefined> {
  const path = await realpath(link).catch(() => undefined);
  if (path === undefined) return undefined;
  const metadata = await readSafetensorsMetadata(path);
  if (metadata.get("format") !== source.format || metadata.get("source") !== source.source) {
    return undefined;
  }
  const entries = await readSafetensorsHeader(path);
  const fits = layout.every(({ name, shape }) => entries.get(name)?.shape.join() === shape.join());
  return fits ? { path, tensor: (name) => entryOf(entries, name, path) } : undefined;
}

function entryOf(
  entries: ReadonlyMap<string, SafetensorsEntry>,
  name: string,
  path: string,
): SafetensorsEntry {
  const entry = entries.get(name);
  if (entry === undefined) throw new RangeError(`Cannot find "${name}" in "${path}"`);
  return entry;
}
