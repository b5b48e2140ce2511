import type { ModelConfig } from "@medv/model/config";
import { languageTensors, visionTensors } from "@medv/model/tensor_names";
import { writeSafetensors } from "@medv/model/write_safetensors";
import { copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lossCurve } from "./loss_curve.ts";
import type { TrainingState } from "./training_state.ts";

/** What stands in `training.json` beside the stages and their losses. */
export type TrainingRecord = Readonly<Record<string, unknown>>;

/**
 * Writes an ordinary checkpoint directory in bfloat16, with `training.json` and the loss curve; it appears whole or not
 * at all.
 *
 * @param source Where `config.json` and the tokenizer's files lie.
 */
export async function writeCheckpoint(
  directory: string,
  source: string,
  state: TrainingState,
  options: { readonly config: ModelConfig; readonly record: TrainingRecord },
): Promise<void> {
  const draft = `${directory}.part`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  for (const file of ["config.json", "tokenizer.json", "tokenizer_config.json"]) {
    await copyFile(join(source, file), join(draft, file));
  }
  const names = [
    ...languageTensors(options.config).keys(),
    ...visionTensors(options.config).keys(),
  ];
  const tensors = names.map((name) => {
    const tensor = state.tensors.get(name);
    if (tensor === undefined) {
      throw new RangeError(`Cannot write checkpoint "${directory}" as "${name}" was never trained`);
    }
    return { name, dtype: "BF16" as const, shape: tensor.shape, bytes: bfloat16(tensor.data) };
  });
  await writeSafetensors(join(draft, "model.safetensors"), tensors, { format: "pt" });
  const { seed, done, losses } = state.progress;
  const record = { ...options.record, seed, stages: done, losses };
  await writeFile(join(draft, "training.json"), `${JSON.stringify(record, undefined, 1)}\n`);
  await writeFile(join(draft, "loss.svg"), lossCurve(losses));
  await rm(directory, { recursive: true, force: true });
  await rename(draft, directory);
}

/** Rounded to the nearest, ties to even. */
function bfloat16(values: Float32Array): Uint8Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const result = Uint16Array.from(words, (word) => (word + 0x7fff + ((word >>> 16) & 1)) >>> 16);
  return new Uint8Array(result.buffer);
}
