import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensorsHeader, readTensorBytes } from "@medv/model/safetensors";

export type OracleTensor = {
  readonly shape: readonly number[];
  /** Numbers of any dtype, integers too. */
  readonly data: Float32Array | Float64Array | Uint8Array;
};

/** One oracle directory; files may be missing, sizes come from its `config.json`. */
export type Oracle = {
  readonly directory: string;
  has(file: string): boolean;
  json<T>(file: string): Promise<T>;
  tensors(file: string): Promise<(name: string) => OracleTensor>;
  names(file: string): Promise<readonly string[]>;
};

export function openOracle(directory: string): Oracle {
  return {
    directory,
    has: (file) => existsSync(join(directory, file)),
    json: async <T>(file: string): Promise<T> =>
      JSON.parse(await readFile(join(directory, file), "utf8")) as T,
    names: async (file) => [...(await readSafetensorsHeader(join(directory, file))).keys()],
    tensors: async (file) => {
      const path = join(directory, file);
      const tensors = new Map<string, OracleTensor>();
      for (const entry of (await readSafetensorsHeader(path)).values()) {
        const bytes = await readTensorBytes(path, entry);
        tensors.set(entry.name, { shape: entry.shape, data: numbers(entry.dtype, bytes) });
      }
      return (name) => {
        const tensor = tensors.get(name);
        if (tensor === undefined) throw new RangeError(`Cannot find tensor "${name}" in "${path}"`);
        return tensor;
      };
    },
  };
}

function numbers(dtype: string, bytes: Uint8Array): OracleTensor["data"] {
  if (dtype === "F32") return new Float32Array(bytes.buffer);
  if (dtype === "F64") return new Float64Array(bytes.buffer);
  if (dtype === "I64") return Float64Array.from(new BigInt64Array(bytes.buffer), Number);
  if (dtype === "U8" || dtype === "BOOL") return bytes;
  throw new RangeError(`Cannot read an oracle tensor as its dtype ${dtype} is not expected there`);
}

/** Special ids of an oracle directory, whatever its vocabulary. */
export type OracleConfig = {
  readonly vocab_size: number;
  readonly special_ids_tiny: { readonly mask: number; readonly eot: number };
  readonly forbidden_ids_tiny: readonly number[];
};
