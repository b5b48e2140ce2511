import { blockDecoderModel } from "@medv/model/block_decoder";
import { openCheckpoint } from "@medv/model/checkpoint";
import { imageRows, imageTaps } from "@medv/model/image_rows";
import { mergePrompt, type MergedPrompt } from "@medv/model/merge_prompt";
import { decoderFeeds, rowResults } from "@medv/diffusion/decoder_feeds";
import { NO_RULES, type Embeddings } from "@medv/diffusion/decoder_row";
import { denoise, type RunEnd, type RunRow } from "@medv/diffusion/denoise";
import { RunBatcher, UNWATCHED, type RunBatch } from "@medv/diffusion/run_batcher";
import type { DenoiseSettings } from "@medv/diffusion/denoise_settings";
import { compareIds, compareNumbers, type Report } from "./check.ts";
import type { Oracle, OracleConfig } from "./oracle.ts";
import { openGraph, type Feed } from "./run_graph.ts";
import { towerFeatures, weightsFile } from "./tower_features.ts";

const CONFIDENCE = 1e-4;

type SamplerCase = {
  readonly name: string;
  readonly gen_length: number;
  readonly block_length: number;
  readonly steps: number;
  readonly cfg_scale?: number;
  readonly temperature?: number;
  readonly remasking?: "low_confidence" | "random";
  readonly threshold?: number | null;
  readonly prefix_refresh_interval?: number;
  readonly stop_ids: readonly (readonly number[])[] | null;
  readonly suffix_ids?: readonly number[] | null;
  readonly forward_calls: number;
  readonly returned_ids: readonly number[];
};

type PlainCase = SamplerCase & {
  readonly states_before_each_forward: readonly (readonly number[])[];
  readonly per_step_masked_argmax_confidence: readonly {
    readonly masked: readonly number[];
    readonly argmax: readonly number[];
    readonly confidence: readonly number[];
  }[];
};

type CachedCase = SamplerCase & {
  readonly per_step: readonly {
    readonly selected_tokens: Readonly<Record<string, number>>;
    readonly selected_confidence: Readonly<Record<string, number>>;
  }[];
};

/** The plain sampler's trajectories, state by state. */
export async function checkSampler(oracle: Oracle, report: Report): Promise<void> {
  const decoder = await openDecoder(oracle);
  const { cases } = await oracle.json<{ cases: readonly PlainCase[] }>("sampler.json");
  for (const each of cases) {
    const text = each.name.startsWith("textonly");
    const { ends, returned } = await runCase(decoder, each, text ? "text" : "image", "exact");
    const states = [
      Array.from({ length: each.gen_length }, () => decoder.maskId),
      ...ends.map((end) => [...end.tokenIds]),
    ];
    let problem = compareIds(returned, each.returned_ids);
    if (ends.length !== each.forward_calls)
      problem ??= `${ends.length} forwards, expected ${each.forward_calls}`;
    each.states_before_each_forward.forEach((state, index) => {
      const difference = compareIds(states[index] ?? [], state.slice(0, each.gen_length));
      if (difference !== undefined) problem ??= `state before forward ${index} ${difference}`;
    });
    each.per_step_masked_argmax_confidence.forEach((step, index) => {
      problem ??= comparePredictions(ends[index], step, index);
    });
    report.check(`sampler ${each.name}`, problem);
  }
}

/** Predictions at the block's masked positions, before the step commits any. */
function comparePredictions(
  end: RunEnd | undefined,
  step: PlainCase["per_step_masked_argmax_confidence"][number],
  index: number,
): string | undefined {
  if (end === undefined) return `step ${index} is missing`;
  const expected: number[] = [];
  const actual: number[] = [];
  const confidences: [number[], number[]] = [[], []];
  step.masked.forEach((position, place) => {
    const at = position - end.activeStart;
    if (at < 0 || at >= end.prediction.length) return;
    expected.push(step.argmax[place] ?? -1);
    actual.push(end.prediction[at] ?? -2);
    confidences[0].push(end.confidence[at] ?? NaN);
    confidences[1].push(step.confidence[place] ?? NaN);
  });
  const ids = compareIds(actual, expected);
  if (ids !== undefined) return `predictions of step ${index} ${ids}`;
  const numbers = compareNumbers(confidences[0], confidences[1], CONFIDENCE);
  return numbers === undefined ? undefined : `confidences of step ${index} ${numbers}`;
}

/** The cached sampler's: which tokens commit at which step, and how surely. */
export async function checkFastDllm(oracle: Oracle, report: Report): Promise<void> {
  const decoder = await openDecoder(oracle);
  const { cases } = await oracle.json<{ cases: readonly CachedCase[] }>("fast_dllm.json");
  for (const each of cases) {
    const { ends, returned } = await runCase(decoder, each, "image", "prefix");
    const end = ends.at(-1);
    let problem = compareIds(returned, each.returned_ids);
    if (end?.forwardPasses !== each.forward_calls) {
      problem ??= `${end?.forwardPasses} forwards, expected ${each.forward_calls}`;
    }
    each.per_step.forEach((step, index) => {
      for (const [position, token] of Object.entries(step.selected_tokens)) {
        const at = Number(position);
        if (end?.commitStep[at] !== index || end.tokenIds[at] !== token) {
          problem ??= `position ${at} holds ${end?.tokenIds[at]} since step ${end?.commitStep[at]}, expected ${token} at step ${index}`;
        }
        const confidence = step.selected_confidence[position] ?? NaN;
        if (Number.isFinite(confidence)) {
          const difference = compareNumbers(
            [end?.commitConfidence[at] ?? NaN],
            [confidence],
            CONFIDENCE,
          );
          if (difference !== undefined) problem ??= `confidence at ${at} ${difference}`;
        }
      }
    });
    report.check(`fast_dllm ${each.name}`, problem);
  }
}

/** Answers that run together, at different blocks, steps, lengths and settings, end as each does alone. */
export async function checkBatched(oracle: Oracle, report: Report): Promise<void> {
  const { runRows, ...decoder } = await openDecoder(oracle);
  const batcher = new RunBatcher(runRows, { maxRows: 32, fits: () => true, costRatio: () => 1 });
  const caller = { tenantScope: "", priority: "interactive" } as const;
  const run: RunRow = (row, signal) => batcher.run(row, caller, signal, UNWATCHED);
  const { cases } = await oracle.json<{ cases: readonly SamplerCase[] }>("sampler.json");
  const cached = await oracle.json<{ cases: readonly SamplerCase[] }>("fast_dllm.json");
  const all = [
    ...cases.map((each) => ({ each, profile: "exact" as const })),
    ...cached.cases.map((each) => ({ each, profile: "prefix" as const })),
  ];
  await Promise.all(
    all.map(async ({ each, profile }) => {
      const kind = each.name.startsWith("textonly") ? "text" : "image";
      const { returned } = await runCase({ ...decoder, run, runRows }, each, kind, profile);
      report.check(`batched ${profile} ${each.name}`, compareIds(returned, each.returned_ids));
    }),
  );
}

/** dLLM-Cache is not one of our profiles; with every interval at 1 it is the plain sampler, which is. */
export async function checkDllmCache(oracle: Oracle, report: Report): Promise<void> {
  const decoder = await openDecoder(oracle);
  type CacheCase = PlainCase & {
    readonly prompt_interval_steps: number;
    readonly gen_interval_steps: number;
  };
  const { cases } = await oracle.json<{ cases: readonly CacheCase[] }>("dllm_cache.json");
  for (const each of cases) {
    if (each.prompt_interval_steps !== 1 || each.gen_interval_steps !== 1) {
      report.skip(`dllm_cache ${each.name}`, "not one of the profiles that are served");
      continue;
    }
    const { returned } = await runCase(decoder, { ...each, stop_ids: null }, "image", "exact");
    report.check(`dllm_cache ${each.name}`, compareIds(returned, each.returned_ids));
  }
}

type Decoder = {
  readonly run: RunRow;
  readonly runRows: RunBatch;
  readonly maskId: number;
  readonly forbiddenIds: readonly number[];
  readonly prompts: Readonly<
    Record<"image" | "text", { prompt: MergedPrompt; embeddings: Embeddings }>
  >;
};

async function runCase(
  decoder: Decoder,
  each: SamplerCase,
  kind: "image" | "text",
  profile: "exact" | "prefix",
): Promise<{ ends: readonly RunEnd[]; returned: readonly number[] }> {
  const settings: DenoiseSettings = {
    profile,
    genLength: each.gen_length,
    plan: { type: "fixed" },
    blockLength: each.block_length,
    steps: each.threshold == null ? each.steps : undefined,
    rules: { ...NO_RULES, factor: each.threshold ?? -1 },
    cache: profile === "exact" ? "none" : "prefix",
    suffixWindow: undefined,
    refreshSteps: each.prefix_refresh_interval ?? 32,
    refreshCommits: Number.MAX_SAFE_INTEGER,
    doubt: 0,
    minTokens: 0,
    temperature: each.temperature ?? 0,
    cfgScale: each.cfg_scale ?? 0,
    remasking: each.remasking ?? "low_confidence",
    stopSequences: each.stop_ids ?? [],
    suffixIds: each.suffix_ids ?? [],
    forbiddenIds: decoder.forbiddenIds,
    seed: 0,
  };
  const ends: RunEnd[] = [];
  const request = { ...decoder.prompts[kind], settings, maskId: decoder.maskId };
  for await (const end of denoise(decoder.run, request, new AbortController().signal))
    ends.push(end);
  const last = ends.at(-1);
  const returned = [
    ...(last?.tokenIds.subarray(0, last.stop ?? each.gen_length) ?? []),
    ...settings.suffixIds,
  ];
  return { ends, returned };
}

async function openDecoder(oracle: Oracle): Promise<Decoder> {
  const config = await oracle.json<OracleConfig>("config.json");
  const checkpoint = await openCheckpoint(oracle.directory, { file: weightsFile(oracle) });
  const { vision, language } = checkpoint.config;
  const run = await openGraph(
    blockDecoderModel(checkpoint, {
      vocabulary: config.vocab_size,
      maskId: config.special_ids_tiny.mask,
      eotId: config.special_ids_tiny.eot,
      contextLength: language.maxPositions,
    }),
  );
  const runRows: RunBatch = async (answers) => {
    const feeds = decoderFeeds(answers, config.special_ids_tiny.mask);
    return rowResults(await run(feeds as Record<string, Feed>), answers);
  };
  const prompts = await oracle.tensors("sampler_prompts.safetensors");
  const mixed = await oracle.tensors("mixed_flat.safetensors");
  const features = await towerFeatures(oracle, mixed("pixel_values"));
  const side = Math.floor(vision.imageSize / vision.patchSize);
  const rows = imageRows(
    { width: 1, height: 1, tiles: 1, gridWidth: 0, gridHeight: 0 },
    side,
    checkpoint.config.image,
  );
  const merged = (name: string): MergedPrompt =>
    mergePrompt(Int32Array.from(prompts(name).data), [rows], {
      offsets: [0],
      taps: imageTaps(checkpoint.config),
    });
  return {
    runRows,
    run: async (row) => {
      const [result] = await runRows([row]);
      if (result === undefined) throw new RangeError("Cannot find the row's result");
      return result;
    },
    maskId: config.special_ids_tiny.mask,
    forbiddenIds: config.forbidden_ids_tiny,
    prompts: {
      image: {
        prompt: merged("image_prompt_ids"),
        embeddings: { data: features, tokens: side * side, hidden: vision.hiddenSize },
      },
      text: {
        prompt: merged("text_prompt_ids"),
        embeddings: { data: new Float32Array(), tokens: 0, hidden: vision.hiddenSize },
      },
    },
  };
}
