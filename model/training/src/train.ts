import type { CheckpointSize } from "@medv/model/make_checkpoint/sizes";
import { patches } from "@medv/model/vision_tower";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openImageStore, type ImageStore } from "./images/image_store.ts";
import { languageBatch } from "./language_batch.ts";
import type { Objective } from "./loss/language_loss.ts";
import { openRunDirectory, type RunDirectory } from "./run_directory.ts";
import type { StageConfig } from "./stage_config.ts";
import { languageStep, visionStep } from "./step/train_step.ts";
import { trainStage, type StageEvent, type StageRun } from "./train_stage.ts";
import { loadState, saveState, type TrainingState } from "./training_state.ts";
import { PATCH_TASKS, visionBatch } from "./vision_batch.ts";
import { writeCheckpoint } from "./write_checkpoint.ts";

export type TrainOptions = {
  /** Where the run's state lies and its checkpoint goes. */
  readonly directory: string;
  /** Where drawn images are kept; runs share it. */
  readonly imageDirectory: string;
  readonly size: CheckpointSize;
  readonly stages: readonly StageConfig[];
  readonly objective: Objective["type"];
  readonly seed: number;
  /** Drawn training images. */
  readonly images: number;
  readonly threads: number;
  readonly saveEveryMs: number;
  readonly shouldStop: () => boolean;
  readonly onImages: (done: number, total: number) => void;
  readonly onStep: (event: StageEvent, stage: StageConfig) => void;
};

/**
 * Runs the stages that are not done yet, resuming from the saved state, and writes `checkpoint/` after each.
 *
 * @returns Whether all given stages are done.
 * @throws {RangeError} If the directory holds a run with another seed.
 */
export async function train(options: TrainOptions): Promise<boolean> {
  const { directory, seed } = options;
  const run = await openRunDirectory(directory, options.size, seed);
  const statePath = join(directory, "state.safetensors");
  const state = (await loadState(statePath)) ?? newState(seed);
  if (state.progress.seed !== seed) {
    throw new RangeError(
      `Cannot resume "${directory}" as its seed is ${state.progress.seed}: current value is ${seed}; give --seed ${state.progress.seed} or another --out`,
    );
  }
  const { imageSize, patchSize } = run.config.vision;
  await mkdir(options.imageDirectory, { recursive: true });
  const store = await openImageStore(
    options.imageDirectory,
    { split: "train", seed, count: options.images, imageSize, patchSize },
    options.onImages,
  );
  try {
    for (const stage of options.stages) {
      if (state.progress.done.some((done) => done.stage === stage.name)) continue;
      const finished = await trainStage(state, {
        ...stageRun(run, store, stage, options),
        save: (current) => saveState(statePath, current),
      });
      if (!finished) return false;
      await writeRun(run, state, options);
    }
    return true;
  } finally {
    store.close();
  }
}

function newState(seed: number): TrainingState {
  return {
    tensors: new Map(),
    progress: { seed, done: [], stage: undefined, step: 0, minutes: 0, losses: [] },
  };
}

function stageRun(
  { config, tokenizer }: RunDirectory,
  store: ImageStore,
  stage: StageConfig,
  options: TrainOptions,
): Omit<StageRun, "save"> {
  const { objective, seed } = options;
  const { imageSize } = config.vision;
  const at = (step: number): string => `${seed}/${stage.name}/${step}`;
  const shared = {
    stage,
    threads: options.threads,
    layers: Math.max(config.language.layers, config.vision.layers),
    saveEveryMs: options.saveEveryMs,
    shouldStop: options.shouldStop,
    report: (event: StageEvent) => options.onStep(event, stage),
  };
  if (stage.task === "vision") {
    return {
      ...shared,
      step: visionStep(config, PATCH_TASKS, tokenizer.size),
      batch: (step) =>
        visionBatch(store, tokenizer, { imageSize, batch: stage.batch, seed: at(step) }),
    };
  }
  return {
    ...shared,
    step: languageStep(config, stage, {
      objective,
      vocabulary: tokenizer.size,
      maskToken: tokenizer.special.mask,
    }),
    batch: (step) =>
      languageBatch(store, tokenizer, {
        stage,
        objective,
        imageSize,
        imageRows: patches(config.vision),
        seed: at(step),
      }),
  };
}

/** After the vision stage alone there is no whole network to write. */
async function writeRun(
  { directory, config }: RunDirectory,
  state: TrainingState,
  { objective, images, threads, stages }: TrainOptions,
): Promise<void> {
  if (!state.tensors.has("lm_head.weight") || !state.tensors.has("model.mm_projector.0.weight")) {
    return;
  }
  await writeCheckpoint(join(directory, "checkpoint"), directory, state, {
    config,
    record: {
      data: `${images} drawn training images of @medv/phantoms, split train`,
      objective,
      threads,
      configuration: stages,
    },
  });
}
