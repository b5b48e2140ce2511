import { InferenceSession, type Tensor } from "onnxruntime-node";
import { number, ortTensors, tensorFeed, type Feeds } from "./feeds.ts";
import { initialParameter } from "./initial_parameters.ts";
import { learningRate } from "./learning_rate.ts";
import { momentName, MOMENTS, nextName, OPTIMIZER } from "./optimizer.ts";
import type { StageConfig } from "./stage_config.ts";
import type { TrainStep } from "./step/train_step.ts";
import type { TrainingState } from "./training_state.ts";

/** A point of the loss curve stands for this many steps; states are saved only between points. */
const POINT_STEPS = 25;

export type StageRun = {
  readonly stage: StageConfig;
  readonly step: TrainStep;
  /** The batch of a step, from its number alone. */
  readonly batch: (step: number) => Feeds;
  readonly threads: number;
  /** Layers of the deeper tower, for parameters that start here. */
  readonly layers: number;
  readonly saveEveryMs: number;
  /** Set when the run is to stop at the next point: Ctrl-C, or the minutes are over. */
  readonly shouldStop: () => boolean;
  readonly save: (state: TrainingState) => Promise<void>;
  readonly report: (event: StageEvent) => void;
};

export type StageEvent = {
  readonly stage: string;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly gradientNorm: number;
  readonly samplesPerSecond: number;
};

/**
 * Runs a stage from where the state stands. What is not in the state yet starts here; moments live as long as the stage.
 *
 * @returns Whether the stage is done; false when it was stopped, with the state saved.
 */
export async function trainStage(state: TrainingState, run: StageRun): Promise<boolean> {
  const { stage, step: graph } = run;
  prepare(state, run);
  const session = await InferenceSession.create(graph.bytes, {
    logSeverityLevel: 3,
    intraOpNumThreads: run.threads,
  });
  try {
    let savedAt = performance.now();
    let pointAt = savedAt;
    let sum = 0;
    while (state.progress.step < stage.steps) {
      const { step } = state.progress;
      const outcome = await oneStep(session, state, run, step);
      sum += outcome.loss;
      const next = step + 1;
      state.progress = { ...state.progress, step: next };
      if (next % POINT_STEPS !== 0 && next !== stage.steps) continue;

      const now = performance.now();
      const counted = next % POINT_STEPS === 0 ? POINT_STEPS : next % POINT_STEPS;
      const loss = sum / counted;
      sum = 0;
      state.progress = {
        ...state.progress,
        minutes: state.progress.minutes + (now - pointAt) / 60_000,
        losses: [...state.progress.losses, { stage: stage.name, step: next, loss }],
      };
      const samplesPerSecond = (counted * stage.batch * 1000) / (now - pointAt);
      run.report({
        stage: stage.name,
        steps: stage.steps,
        step: next,
        ...outcome,
        loss,
        samplesPerSecond,
      });
      pointAt = now;
      if (!Number.isFinite(loss)) {
        throw new RangeError(
          `Cannot go on with stage "${stage.name}" as its loss must be a number: at step ${next} it is ${loss}; lower learning_rate`,
        );
      }
      if (run.shouldStop() && next < stage.steps) {
        await run.save(state);
        return false;
      }
      if (now - savedAt > run.saveEveryMs) {
        await run.save(state);
        savedAt = performance.now();
      }
    }
  } finally {
    await session.release();
  }
  finish(state, run);
  await run.save(state);
  return true;
}

function prepare(state: TrainingState, { stage, step, layers }: StageRun): void {
  const { seed } = state.progress;
  if (state.progress.stage !== stage.name) {
    state.progress = { ...state.progress, stage: stage.name, step: 0, minutes: 0 };
    dropMoments(state);
  }
  for (const [name, shape] of step.parameters) {
    if (!state.tensors.has(name)) {
      state.tensors.set(name, initialParameter(name, shape, { seed, layers }));
    }
  }
  for (const name of step.trained) {
    const shape = step.parameters.get(name) ?? [];
    for (const moment of MOMENTS) {
      const key = momentName(moment, name);
      if (!state.tensors.has(key)) {
        const size = shape.reduce((product, dim) => product * dim, 1);
        state.tensors.set(key, { shape, data: new Float32Array(size) });
      }
    }
  }
}

async function oneStep(
  session: InferenceSession,
  state: TrainingState,
  { stage, step: graph, batch }: StageRun,
  step: number,
): Promise<{ readonly loss: number; readonly gradientNorm: number }> {
  const feeds: Record<string, Tensor> = {};
  const add = (all: Feeds): void => {
    Object.assign(feeds, ortTensors(all));
  };
  for (const name of graph.parameters.keys()) addTensor(add, state, name);
  for (const name of graph.trained) {
    for (const moment of MOMENTS) addTensor(add, state, momentName(moment, name));
  }
  add(batch(step));
  add({
    learning_rate: number(
      learningRate(step, {
        peak: stage.learningRate,
        warmup: stage.warmup,
        steps: stage.steps,
      }),
    ),
    first_correction: number(1 - OPTIMIZER.beta1 ** (step + 1)),
    second_correction: number(1 - OPTIMIZER.beta2 ** (step + 1)),
  });
  const outputs = await session.run(feeds);
  const floats = (name: string): Float32Array => {
    const data = outputs[name]?.data;
    if (data instanceof Float32Array) return data;
    throw new TypeError(`Cannot read output "${name}" as it must be float32`);
  };
  for (const name of graph.trained) {
    for (const key of [name, ...MOMENTS.map((moment) => momentName(moment, name))]) {
      const shape = state.tensors.get(key)?.shape ?? [];
      state.tensors.set(key, { shape, data: floats(nextName(key)) });
    }
  }
  return { loss: floats("loss")[0] ?? NaN, gradientNorm: floats("gradient_norm")[0] ?? NaN };
}

function addTensor(add: (all: Feeds) => void, state: TrainingState, name: string): void {
  const tensor = state.tensors.get(name);
  if (tensor === undefined) throw new RangeError(`Cannot train as "${name}" is not in the state`);
  add({ [name]: tensorFeed(tensor) });
}

/** A stage that is done keeps its parameters; its moments, and heads that nothing after it uses, go. */
function finish(state: TrainingState, { stage }: StageRun): void {
  dropMoments(state);
  for (const name of state.tensors.keys()) {
    if (name.startsWith("vision_head.")) state.tensors.delete(name);
  }
  const { step: steps, minutes, done } = state.progress;
  state.progress = {
    ...state.progress,
    done: [...done, { stage: stage.name, steps, minutes }],
    stage: undefined,
    step: 0,
    minutes: 0,
  };
}

function dropMoments(state: TrainingState): void {
  for (const name of state.tensors.keys()) {
    if (MOMENTS.some((moment) => name.startsWith(momentName(moment, "")))) {
      state.tensors.delete(name);
    }
  }
}
