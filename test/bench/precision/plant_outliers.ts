import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { decodeFloats } from "@medv/model/quantize/decode_floats";
import { readSafetensorsHeader, readTensorBytes } from "@medv/model/safetensors";
import { writeSafetensors, type TensorToWrite } from "@medv/model/write_safetensors";

/** Channels that are planted in each activation. */
const CHANNELS = 3;

/**
 * Copies a bfloat16 checkpoint of one file, with a few input channels of every linear layer `gain` times as large and the
 * weights that read them as much smaller: the same function, but hard to quantise.
 *
 * @param gain A power of two, so that float32 answers stay the same to the bit.
 */
export async function plantOutliers(from: string, to: string, gain: number): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await cp(from, to, { recursive: true, filter: (name) => !name.includes("model.int8.") });
  const path = join(to, "model.safetensors");
  const tensors: TensorToWrite[] = [];
  for (const entry of (await readSafetensorsHeader(path)).values()) {
    const { name, shape, dtype } = entry;
    if (dtype !== "BF16") throw new RangeError(`Cannot plant outliers as "${name}" is ${dtype}`);
    const values = decodeFloats(await readTensorBytes(path, entry), dtype);
    const [, layer, part] = /^model\.layers\.(\d+)\.(?:\w+\.)?(\w+)\.weight$/.exec(name) ?? [];
    if (layer !== undefined && part !== undefined) {
      plant(values, { shape, part, layer: Number(layer), gain });
    }
    tensors.push({ name, shape, dtype, bytes: upperHalves(values) });
  }
  await writeSafetensors(path, tensors, { format: "pt" });
}

function plant(
  values: Float32Array,
  options: {
    readonly shape: readonly number[];
    readonly part: string;
    readonly layer: number;
    readonly gain: number;
  },
): void {
  const { shape, part, layer, gain } = options;
  const [rows = 1, columns = 1] = shape;
  // Norms, values and the up projection make the channels; every projection reads some.
  const grown = /layernorm|v_proj|up_proj/.test(part) ? channels(layer, rows) : new Set();
  const shrunk = part.endsWith("_proj") ? channels(layer, columns) : new Set();
  for (let at = 0; at < values.length; at++) {
    const up = grown.has(Math.floor(at / columns)) ? gain : 1;
    const down = shrunk.has(at % columns) ? gain : 1;
    values[at] = ((values[at] ?? 0) * up) / down;
  }
}

function channels(layer: number, width: number): ReadonlySet<number> {
  return new Set(Array.from({ length: CHANNELS }, (_, i) => (layer * 31 + i * 57 + 5) % width));
}

function upperHalves(values: Float32Array): Uint8Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return new Uint8Array(Uint16Array.from(words, (word) => word >>> 16).buffer);
}
