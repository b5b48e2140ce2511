import { randomUUID } from "node:crypto";
import {
  access,
  constants,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  statfs,
} from "node:fs/promises";
import { join } from "node:path";
import type { Checkpoint } from "../checkpoint.ts";
import { safetensorsHeader, type TensorLayout } from "../write_safetensors.ts";
import { linearLayers, type LinearLayer } from "./linear_layers.ts";
import type { QuantizeJob } from "./quantize_job.ts";
import {
  openQuantizedFile,
  quantizedFileName,
  quantizedLayout,
  quantizedSource,
  scaleName,
  type QuantizedFile,
  type QuantizedSource,
} from "./quantized_file.ts";
import { runQuantizeJobs } from "./run_quantize_jobs.ts";

export type QuantizeOptions = {
  /** Rows of the LM head that are used. */
  readonly vocabulary: number;
  /** Where the file goes when the checkpoint's own folder cannot take it. */
  readonly cacheFolder: string;
  readonly threads: number;
  /** Called with the bytes read so far and in all; never when the file is already there. */
  readonly progress: (done: number, total: number) => void;
};

/** Bytes of a checkpoint that a thread holds at a time. */
const JOB_BYTES = 8 << 20;
/** A draft this old belongs to a process that died. */
const STALE_MS = 3_600_000;

/**
 * The int8 weights of a checkpoint, one scale per output channel: those that lie beside it or in the cache folder, or
 * new ones. A new file appears whole or not at all; memory stays bounded by the threads, whatever the checkpoint's size.
 *
 * @throws {RangeError} If neither folder can take the file, saying why.
 */
export async function quantizeCheckpoint(
  checkpoint: Checkpoint,
  options: QuantizeOptions,
  signal: AbortSignal,
): Promise<QuantizedFile> {
  const layers = linearLayers(checkpoint.config, options.vocabulary);
  const layout = quantizedLayout(layers);
  const source = await quantizedSource(checkpoint);
  const name = quantizedFileName(checkpoint);
  const folders = [checkpoint.directory, options.cacheFolder];
  for (const folder of folders) {
    const known = await openQuantizedFile(join(folder, name), layout, source);
    if (known !== undefined) return known;
  }
  const header = safetensorsHeader(layout, source);
  const size = layout.reduce((sum, { byteLength }) => sum + byteLength, header.length);
  await mkdir(options.cacheFolder, { recursive: true });
  const path = join(await folderWithRoom(folders, size), name);
  await removeStaleDrafts(path);
  const draft = `${path}.${randomUUID()}.part`;
  try {
    await writeHeader(draft, header, size);
    const jobs = quantizeJobs(checkpoint, layers, { draft, layout, start: header.length });
    const total = jobs.reduce((sum, { byteLength }) => sum + byteLength, 0);
    let read = 0;
    const done = (bytes: number): void => options.progress((read += bytes), total);
    await runQuantizeJobs(jobs, { threads: options.threads, done }, signal);
    await sync(draft);
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
  return opened(path, layout, source);
}

async function opened(
  path: string,
  layout: readonly TensorLayout[],
  source: QuantizedSource,
): Promise<QuantizedFile> {
  const file = await openQuantizedFile(path, layout, source);
  if (file === undefined)
    throw new RangeError(`Cannot use "${path}" as another process replaced it`);
  return file;
}

/** The first folder that can be written to and has room. */
async function folderWithRoom(folders: readonly string[], size: number): Promise<string> {
  const reasons: string[] = [];
  for (const folder of folders) {
    const writable = await access(folder, constants.W_OK).then(
      () => true,
      () => false,
    );
    const { bavail, bsize } = await statfs(folder);
    if (writable && bavail * bsize > size) return folder;
    reasons.push(
      writable ? `"${folder}" has ${bavail * bsize} bytes left` : `"${folder}" is read-only`,
    );
  }
  throw new RangeError(
    `Cannot write int8 weights as they take ${size} bytes: ${reasons.join(", ")}; set MEDV_CACHE_DIRECTORY or MEDV_PRECISION=float32`,
  );
}

async function removeStaleDrafts(path: string): Promise<void> {
  const folder = join(path, "..");
  for (const name of await readdir(folder)) {
    const draft = join(folder, name);
    if (!draft.startsWith(`${path}.`) || !name.endsWith(".part")) continue;
    // Another start may remove it meanwhile.
    const changed = (await stat(draft).catch(() => undefined))?.mtimeMs ?? Infinity;
    if (Date.now() - changed > STALE_MS) await rm(draft, { force: true });
  }
}

/** The file at its full length, so that threads write wherever their part belongs. */
async function writeHeader(draft: string, header: Uint8Array, size: number): Promise<void> {
  const file = await open(draft, "wx");
  try {
    await file.write(header);
    await file.truncate(size);
  } finally {
    await file.close();
  }
}

async function sync(draft: string): Promise<void> {
  const file = await open(draft, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function quantizeJobs(
  checkpoint: Checkpoint,
  layers: readonly LinearLayer[],
  target: {
    readonly draft: string;
    readonly layout: readonly TensorLayout[];
    readonly start: number;
  },
): readonly QuantizeJob[] {
  const offsets = new Map<string, number>();
  let end = target.start;
  for (const { name, byteLength } of target.layout) {
    offsets.set(name, end);
    end += byteLength;
  }
  return layers.flatMap(({ name, out, in: width }) => {
    const tensor = checkpoint.tensor(name, [out, width]);
    const rowBytes = width * (tensor.dtype === "F32" ? 4 : 2);
    const rows = Math.max(1, Math.floor(JOB_BYTES / rowBytes));
    return Array.from({ length: Math.ceil(out / rows) }, (_, index): QuantizeJob => ({
      source: tensor.file,
      dtype: tensor.dtype,
      offset: tensor.offset + index * rows * rowBytes,
      byteLength: Math.min(rows, out - index * rows) * rowBytes,
      width,
      out,
      firstRow: index * rows,
      draft: target.draft,
      weightOffset: offsets.get(name) ?? 0,
      scaleOffset: offsets.get(scaleName(name)) ?? 0,
    }));
  });
}
