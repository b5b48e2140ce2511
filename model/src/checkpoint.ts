import { createHash } from "node:crypto";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { verifyCheckpoint } from "./checkpoint_sums.ts";
import { readModelConfig, type ModelConfig } from "./config.ts";
import { readSafetensorsHeader, readTensorBytes, type SafetensorsEntry } from "./safetensors.ts";
import {
  canonicalName,
  languageTensors,
  VISION_PREFIX,
  visionTensors,
  type TensorShapes,
} from "./tensor_names.ts";

/** Where a parameter lies. */
export type TensorReference = {
  /** In our naming, whatever the file calls it. */
  readonly name: string;
  readonly dtype: "F32" | "F16" | "BF16";
  readonly shape: readonly number[];
  /** Real path, symbolic links resolved. */
  readonly file: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
};

/** A checkpoint directory whose every needed tensor is there and has the right shape. */
export type Checkpoint = {
  readonly directory: string;
  readonly config: ModelConfig;
  /** SHA-256 over configuration, tokenizer, tensor headers and a sample of every tensor. */
  readonly digest: string;
  /** The same over what the vision tower computes from. */
  readonly towerDigest: string;
  /** Files of language tower and projector, and of the vision tower. */
  readonly files: readonly string[];
  readonly visionFiles: readonly string[];
  has(name: string): boolean;
  /**
   * @param shape The first axis may be smaller than the file's: the first rows are meant.
   * @throws {RangeError} If the tensor is missing or has another shape.
   */
  tensor(name: string, shape: readonly number[]): TensorReference;
};

export type CheckpointOptions = {
  /** SigLIP2 directory, for a checkpoint without vision tensors. */
  readonly visionDirectory?: string | undefined;
  /** File in the format of `sha256sum`: every file that is read must be listed there and be as listed. */
  readonly sums?: string | undefined;
  /** The same for `visionDirectory`. */
  readonly visionSums?: string | undefined;
  /** The only weights file to read, instead of the index or `model.safetensors`. */
  readonly file?: string;
};

/**
 * Opens a checkpoint directory: reads the configuration and every file's header, and checks that all tensors are there.
 *
 * @throws {RangeError} Naming file, tensor, expected and found.
 */
export async function openCheckpoint(
  directory: string,
  options: CheckpointOptions = {},
): Promise<Checkpoint> {
  const files = await weightFiles(directory, options.file);
  if (options.sums !== undefined) {
    await verifyCheckpoint(directory, options.sums, await filesRead(directory, files));
  }
  const configPath = join(directory, "config.json");
  const configText = await readText(configPath);
  const config = readModelConfig(parseJson(configPath, configText), configPath);
  const tensors = await readHeaders(directory, files);
  checkTensors(directory, tensors, languageTensors(config));
  if (![...tensors.keys()].some((name) => name.startsWith(VISION_PREFIX))) {
    for (const [name, tensor] of await readVisionDirectory(directory, config, options)) {
      tensors.set(name, tensor);
    }
  }
  checkTensors(directory, tensors, visionTensors(config));

  const vision = [...visionTensors(config).keys()].toSorted();
  const language = [...languageTensors(config).keys()].toSorted();
  const tokenizer = await readFile(join(directory, "tokenizer.json")).catch(() => new Uint8Array());
  const fileOf = (name: string): string => tensors.get(name)?.file ?? "";
  return {
    directory,
    config,
    digest: await digestOf([configText, tokenizer], [...language, ...vision], tensors),
    towerDigest: await digestOf([JSON.stringify(config.vision)], vision, tensors),
    files: [...new Set(language.map(fileOf))],
    visionFiles: [...new Set(vision.map(fileOf))],
    has: (name) => tensors.has(name),
    tensor: (name, shape) => {
      const tensor = tensors.get(name);
      const fits =
        tensor?.shape.length === shape.length &&
        shape.every((dim, axis) =>
          axis === 0 ? dim <= (tensor.shape[0] ?? 0) : dim === tensor.shape[axis],
        );
      if (tensor === undefined || !fits) throw mismatch(directory, name, shape, tensor);
      return tensor;
    },
  };
}

/** The files to read: those of the index, or the single one. */
async function weightFiles(
  directory: string,
  file: string | undefined,
): Promise<readonly string[]> {
  if (file !== undefined) return [file];
  const indexPath = join(directory, "model.safetensors.index.json");
  const index = await readFile(indexPath, "utf8").catch(() => undefined);
  if (index !== undefined) {
    const json = parseJson(indexPath, index);
    const map =
      typeof json === "object" && json !== null && "weight_map" in json
        ? json.weight_map
        : undefined;
    if (typeof map !== "object" || map === null) {
      throw new RangeError(`Cannot read "${indexPath}" as it must have a weight_map`);
    }
    return [...new Set(Object.values(map).map(String))];
  }
  const names = await readdir(directory).catch((cause: unknown) => {
    throw new RangeError(
      `Cannot open checkpoint "${directory}" as it must be a folder that can be read: does MEDV_CHECKPOINT name one?`,
      { cause },
    );
  });
  if (names.includes("model.safetensors")) return ["model.safetensors"];
  const pickle = names.find(
    (name) => name === "mm_projector.bin" || /^pytorch_model.*\.bin$/.test(name),
  );
  throw new RangeError(
    pickle === undefined
      ? `Cannot open checkpoint "${directory}" as it must have model.safetensors or model.safetensors.index.json`
      : `Cannot open checkpoint "${directory}" as torch pickles are not read: convert "${pickle}" to safetensors first`,
  );
}

/** The weights, and those of the other files of a checkpoint that are there. */
async function filesRead(
  directory: string,
  weights: readonly string[],
): Promise<readonly string[]> {
  const names = await readdir(directory);
  return [...weights, ...OTHER_FILES.filter((name) => names.includes(name))];
}

const OTHER_FILES = [
  "config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "model.safetensors.index.json",
] as const;

async function readHeaders(
  directory: string,
  files: readonly string[],
): Promise<Map<string, TensorReference>> {
  const tensors = new Map<string, TensorReference>();
  for (const file of files) {
    const path = await realpath(join(directory, file)).catch((error: unknown) => {
      throw new RangeError(`Cannot open checkpoint "${directory}" as shard "${file}" is missing`, {
        cause: error,
      });
    });
    for (const entry of (await readSafetensorsHeader(path)).values()) {
      const name = canonicalName(entry.name);
      if (isFloat(entry)) tensors.set(name, { ...entry, name, file: path });
    }
  }
  return tensors;
}

type FloatEntry = SafetensorsEntry & Pick<TensorReference, "dtype">;

function isFloat(entry: SafetensorsEntry): entry is FloatEntry {
  return entry.dtype === "F32" || entry.dtype === "F16" || entry.dtype === "BF16";
}

async function readVisionDirectory(
  directory: string,
  config: ModelConfig,
  options: CheckpointOptions,
): Promise<ReadonlyMap<string, TensorReference>> {
  const candidate = options.visionDirectory ?? config.vision.source;
  const found = await stat(candidate ?? "").catch(() => undefined);
  if (candidate === undefined || found?.isDirectory() !== true) {
    throw new RangeError(
      `Cannot open checkpoint "${directory}" as it has no vision tensors and "${candidate ?? ""}" is no directory: set MEDV_VISION_CHECKPOINT to a SigLIP2 directory`,
    );
  }
  const files = await weightFiles(candidate, undefined);
  if (options.visionSums !== undefined) {
    await verifyCheckpoint(candidate, options.visionSums, files);
  } else if (options.sums !== undefined) {
    throw new RangeError(
      `Cannot open checkpoint "${directory}" as its vision tower in "${candidate}" must be checked too: set MEDV_VISION_CHECKPOINT_SUMS`,
    );
  }
  return readHeaders(candidate, files);
}

function checkTensors(
  directory: string,
  tensors: ReadonlyMap<string, TensorReference>,
  expected: TensorShapes,
): void {
  for (const [name, shape] of expected) {
    const tensor = tensors.get(name);
    const fits =
      tensor?.shape.length === shape.length &&
      shape.every((dim, axis) => dim === undefined || dim === tensor.shape[axis]);
    if (!fits) throw mismatch(directory, name, shape, tensor);
  }
}

function mismatch(
  directory: string,
  name: string,
  shape: readonly (number | undefined)[],
  tensor: TensorReference | undefined,
): RangeError {
  const expected = `[${shape.map((dim) => dim ?? "any").join(", ")}]`;
  return new RangeError(
    tensor === undefined
      ? `Cannot open checkpoint "${directory}" as tensor "${name}" ${expected} is missing from its files`
      : `Cannot open checkpoint "${directory}" as tensor "${name}" of "${tensor.file}" must be ${expected}: found [${tensor.shape.join(", ")}]`,
  );
}

/** Samples every tensor instead of reading it all: 17 GB would take a minute at every start. */
async function digestOf(
  parts: readonly (string | Uint8Array)[],
  names: readonly string[],
  tensors: ReadonlyMap<string, TensorReference>,
): Promise<string> {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(String(part.length)).update(part);
  for (const name of names) {
    const tensor = tensors.get(name);
    if (tensor === undefined) continue;
    hash.update(`${name} ${tensor.dtype} ${tensor.shape.join(",")};`);
    const sample = Math.min(tensor.byteLength, SAMPLE_BYTES);
    const offset = tensor.offset + tensor.byteLength - sample;
    hash.update(await readTensorBytes(tensor.file, { ...tensor, offset, byteLength: sample }));
  }
  return hash.digest("hex");
}

const SAMPLE_BYTES = 4096;

async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    throw new RangeError(`Cannot open checkpoint as "${path}" cannot be read`, { cause: error });
  });
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new RangeError(`Cannot read "${path}" as it must be JSON`, { cause: error });
  }
}
