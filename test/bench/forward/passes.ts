import type { MessageInitShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import type { DecoderSession } from "@medv/diffusion/decoder_session";
import { denoise } from "@medv/diffusion/denoise";
import { resolveSettings } from "@medv/diffusion/resolve_settings";
import { UNWATCHED } from "@medv/diffusion/run_batcher";
import { mergePrompt } from "@medv/model/merge_prompt";
import { Cache, Profile, GenerationSettingsSchema } from "@medv/proto/diffusion";
import { randomSource } from "@medv/phantoms/random";

/** An answer of a given length to a prompt of random tokens; what it says does not matter. */
export type Pass = {
  readonly promptTokens: number;
  readonly settings: MessageInitShape<typeof GenerationSettingsSchema>;
};

/** One full forward over so many rows, with the LM head on the canvas. */
export function fullForward(rows: number, canvas: number): Pass {
  return {
    promptTokens: rows - canvas,
    settings: { ...whole(canvas), blockLength: canvas, steps: 1 },
  };
}

/** An answer by full forwards alone, one token each. */
export function fullForwards(promptTokens: number, genLength: number): Pass {
  return { promptTokens, settings: { ...whole(genLength), steps: genLength } };
}

/** An answer in blocks, each a full forward and then steps that feed the block alone. */
export function dualCache(
  promptTokens: number,
  genLength: number,
  { blockLength, steps }: { readonly blockLength: number; readonly steps: number },
): Pass {
  const settings = {
    ...whole(genLength),
    cache: Cache.DUAL,
    blockLength,
    refreshSteps: blockLength,
    steps,
  };
  return { promptTokens, settings };
}

/** Never ends early: a checkpoint with random weights may predict the end anywhere. */
function whole(genLength: number): Pass["settings"] {
  return { profile: Profile.EXACT, genLength, minTokens: genLength };
}

/** Milliseconds of the answer. */
export async function time(
  decoder: DecoderSession,
  { promptTokens, settings }: Pass,
): Promise<number> {
  const { tokenizer, checkpoint } = decoder;
  const random = randomSource("bench");
  const ids = Int32Array.from({ length: promptTokens }, () => random.integer(0, 999));
  const request = {
    prompt: mergePrompt(ids, [], { offsets: [], taps: 1 }),
    embeddings: {
      data: new Float32Array(),
      tokens: 0,
      hidden: checkpoint.config.vision.hiddenSize,
    },
    settings: resolveSettings(create(GenerationSettingsSchema, settings), tokenizer, () => 1),
    maskId: tokenizer.special.mask,
  };
  const { signal } = new AbortController();
  const caller = { tenantScope: "", priority: "interactive" } as const;
  const startedAt = performance.now();
  for await (const end of denoise(
    (row) => decoder.run(row, caller, signal, UNWATCHED),
    request,
    signal,
  )) {
    void end;
  }
  return performance.now() - startedAt;
}
