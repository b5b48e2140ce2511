import type { Checkpoint } from "@medv/model/checkpoint";
import type { QuantizedFile } from "@medv/model/quantize/quantized_file";
import { openGraph, type Feed } from "../../parity/run_graph.ts";
import { addPrediction, towerGraph } from "./tower_graph.ts";

export type TokenAgreement = {
  /** Share of masked positions, over all denoise steps of the float32 answers, where int8 predicts the same token. */
  readonly predictions: number;
  /** Share of the tokens of whole answers, each precision denoising by itself. */
  readonly tokens: number;
  /** Share of answers that are the same, token for token. */
  readonly answers: number;
};

/** One prompt with its canvas at the end, all masked. */
export type MaskedPrompt = { readonly feeds: Record<string, Feed>; readonly canvas: number };

type Predict = (feeds: Record<string, Feed>) => Promise<Record<string, Feed>>;

/** Answers every prompt in both precisions, one token a step, the most confident first. */
export async function tokenAgreement(
  checkpoint: Checkpoint,
  file: QuantizedFile,
  {
    vocabulary,
    prompts,
  }: { readonly vocabulary: number; readonly prompts: readonly MaskedPrompt[] },
): Promise<TokenAgreement> {
  const open = (precision: "float32" | "int8"): Promise<Predict> => {
    const { graph, folder, logits } = towerGraph(checkpoint, file, { vocabulary, precision });
    addPrediction(graph, logits);
    return openGraph({ bytes: graph.toBytes(), folder });
  };
  const [float32, int8] = [await open("float32"), await open("int8")];
  const counts = { masked: 0, same: 0, tokens: 0, sameTokens: 0, sameAnswers: 0 };
  for (const prompt of prompts) {
    const reference = await answer(float32, prompt, async (feeds, masked, predicted) => {
      const other = int64((await int8(feeds))["prediction"]);
      counts.masked += masked.length;
      counts.same += masked.filter((position) => other[position] === predicted[position]).length;
    });
    const own = await answer(int8, prompt, () => Promise.resolve());
    const equal = own.filter((id, index) => id === reference[index]).length;
    counts.tokens += own.length;
    counts.sameTokens += equal;
    counts.sameAnswers += equal === own.length ? 1 : 0;
  }
  return {
    predictions: counts.same / counts.masked,
    tokens: counts.sameTokens / counts.tokens,
    answers: counts.sameAnswers / prompts.length,
  };
}

async function answer(
  predict: Predict,
  { feeds, canvas }: MaskedPrompt,
  onStep: (
    feeds: Record<string, Feed>,
    masked: readonly number[],
    predicted: BigInt64Array,
  ) => Promise<void>,
): Promise<readonly bigint[]> {
  const ids = int64(feeds["token_ids"]).slice();
  const current = {
    ...feeds,
    token_ids: { dtype: "int64", shape: [1, ids.length], data: ids },
  } as const;
  let masked = Array.from({ length: canvas }, (_, index) => ids.length - canvas + index);
  while (masked.length > 0) {
    const { prediction, confidence } = await predict(current);
    const predicted = int64(prediction);
    await onStep(current, masked, predicted);
    const certainty = (position: number): number => Number(confidence?.data[position]);
    const best = masked.reduce((left, right) =>
      certainty(right) > certainty(left) ? right : left,
    );
    ids[best] = predicted[best] ?? 0n;
    masked = masked.filter((position) => position !== best);
  }
  return [...ids.slice(ids.length - canvas)];
}

function int64(feed: Feed | undefined): BigInt64Array {
  if (!(feed?.data instanceof BigInt64Array)) throw new TypeError("Cannot read a feed as int64");
  return feed.data;
}
