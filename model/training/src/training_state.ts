import {
  readSafetensorsHeader,
  readSafetensorsMetadata,
  readTensorBytes,
} from "@medv/model/safetensors";
import { writeSafetensors } from "@medv/model/write_safetensors";
import { stat } from "node:fs/promises";

/** A tensor of numbers that training changes. */
export type StateTensor = { readonly shape: readonly number[]; readonly data: Float32Array };

/** Mean loss over the steps since the point before. */
export type LossPoint = { readonly stage: string; readonly step: number; readonly loss: number };

/** How far training has come. */
export type Progress = {
  readonly seed: number;
  /** Stages that are done, in their order, with what they took. */
  readonly done: readonly {
    readonly stage: string;
    readonly steps: number;
    readonly minutes: number;
  }[];
  /** The stage in hand and its next step; undefined between stages. */
  readonly stage: string | undefined;
  readonly step: number;
  /** Spent on the stage in hand. */
  readonly minutes: number;
  readonly losses: readonly LossPoint[];
};

/** Everything that a resumed run needs: parameters, and the moments of those that the stage in hand trains. */
export type TrainingState = {
  readonly tensors: Map<string, StateTensor>;
  progress: Progress;
};

/** Writes the state as one file that appears whole or not at all, so that a kill at any moment loses steps, not the run. */
export async function saveState(path: string, state: TrainingState): Promise<void> {
  const tensors = Array.from(state.tensors, ([name, { shape, data }]) => ({
    name,
    dtype: "F32" as const,
    shape,
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  }));
  await writeSafetensors(path, tensors, { progress: JSON.stringify(state.progress) });
}

/** @returns Undefined when there is no such file. */
export async function loadState(path: string): Promise<TrainingState | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  const tensors = new Map<string, StateTensor>();
  for (const entry of (await readSafetensorsHeader(path)).values()) {
    const bytes = await readTensorBytes(path, entry);
    tensors.set(entry.name, { shape: entry.shape, data: new Float32Array(bytes.buffer) });
  }
  return { tensors, progress: await readProgress(path) };
}

async function readProgress(path: string): Promise<Progress> {
  const text = (await readSafetensorsMetadata(path)).get("progress");
  const progress: unknown = text === undefined ? undefined : JSON.parse(text);
  if (!isProgress(progress)) {
    throw new RangeError(`Cannot resume from "${path}" as it must be a state that training wrote`);
  }
  return progress;
}

function isProgress(value: unknown): value is Progress {
  return (
    typeof value === "object" &&
    value !== null &&
    "seed" in value &&
    "done" in value &&
    "step" in value &&
    "losses" in value
  );
}
