import { join } from "node:path";
import { z } from "zod";
import { JsonLog } from "./json_log.ts";

const schema = z.object({
  system: z.string(),
  question_id: z.string(),
  prompt: z.string(),
  text: z.string(),
  finish_reason: z.enum(["stop", "length"]),
  forward_passes: z.number(),
  completion_tokens: z.number(),
  elapsed_ms: z.number(),
});

/** One answer as it stands in the predictions file: the published members and what it cost. */
export type Prediction = z.output<typeof schema>;

/** Every answer so far, of every system. */
export type Predictions = {
  /** The answer of `system` to the question `id`. */
  get(system: string, id: string): Prediction | undefined;
  append(prediction: Prediction): void;
};

/** Opens `predictions.jsonl` in a folder. */
export async function openPredictions(folder: string): Promise<Predictions> {
  const log = await JsonLog.open(join(folder, "predictions.jsonl"), schema, (prediction) =>
    keyOf(prediction.system, prediction.question_id),
  );
  return {
    get: (system, id) => log.get(keyOf(system, id)),
    append: (prediction) => log.append(prediction),
  };
}

function keyOf(system: string, id: string): string {
  return JSON.stringify([system, id]);
}
