import type { AnswerSettings, Message, System } from "./answerers/answerer.ts";
import type { Dialogue, Turn } from "./dialogue.ts";
import type { Prediction, Predictions } from "./prediction.ts";

export type AskOptions = {
  readonly system: System;
  readonly settings: AnswerSettings;
  /** Dialogues asked at the same time. */
  readonly concurrency: number;
  readonly onAnswer: (prediction: Prediction) => void;
  readonly onFailure: (failure: Failure) => void;
};

/** A question without an answer, which a later run asks again. */
export type Failure = { readonly system: string; readonly id: string; readonly message: string };

/** So many failures in a row are no matter of single questions. */
const MAX_FAILURES = 10;

/**
 * Asks every question that has no prediction yet. A question that fails ends its dialogue only.
 *
 * @throws {Error} If ten questions in a row fail.
 * @throws The signal's reason.
 */
export async function askAll(
  dialogues: readonly Dialogue[],
  predictions: Predictions,
  options: AskOptions,
  signal: AbortSignal,
): Promise<void> {
  const { system, onFailure } = options;
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const queue = dialogues.values();
  let failuresInRow = 0;
  const work = async (): Promise<void> => {
    for (const dialogue of queue) {
      both.throwIfAborted();
      for (const [index, turn] of dialogue.turns.entries()) {
        if (predictions.get(system.name, turn.id) !== undefined) continue;
        try {
          await askTurn(dialogue, index, { predictions, options, signal: both });
          failuresInRow = 0;
        } catch (error) {
          both.throwIfAborted();
          const message = error instanceof Error ? error.message : String(error);
          onFailure({ system: system.name, id: turn.id, message });
          if (++failuresInRow >= MAX_FAILURES) {
            throw new Error(
              `Cannot go on as ${MAX_FAILURES} questions in a row failed, the last with: ${message}`,
              { cause: error },
            );
          }
          break;
        }
      }
    }
  };
  const workers = Array.from({ length: options.concurrency }, async () => {
    await work().catch((error: unknown) => {
      stop.abort(error);
      throw error;
    });
  });
  await Promise.allSettled(workers);
  both.throwIfAborted();
}

type TurnContext = {
  readonly predictions: Predictions;
  readonly options: AskOptions;
  readonly signal: AbortSignal;
};

async function askTurn(
  { image, turns }: Dialogue,
  index: number,
  { predictions, options: { system, settings, onAnswer }, signal }: TurnContext,
): Promise<void> {
  const turn = turns[index];
  if (turn === undefined) throw new RangeError(`Cannot ask turn ${index} of ${turns.length}`);
  const history = turns.slice(0, index).flatMap(({ id, question }): Message[] => [
    { role: "user", text: question },
    { role: "assistant", text: predictions.get(system.name, id)?.text ?? "" },
  ]);
  const { text, usage, finishReason } = await system.answer(
    {
      image,
      turns: [...history, { role: "user", text: turn.question }],
      ...settingsOf(turn, settings),
    },
    signal,
  );
  const prediction: Prediction = {
    system: system.name,
    question_id: turn.id,
    prompt: turn.question,
    text,
    finish_reason: finishReason,
    forward_passes: usage.forwardPasses,
    completion_tokens: usage.completionTokens,
    elapsed_ms: usage.elapsedMs,
  };
  predictions.append(prediction);
  onAnswer(prediction);
}

/** A question with a length of its own takes the run's steps and block only if they were made for that length. */
function settingsOf({ genLength }: Turn, settings: AnswerSettings): AnswerSettings {
  if (genLength === undefined || genLength === settings.genLength) return settings;
  return { profile: settings.profile, genLength };
}
