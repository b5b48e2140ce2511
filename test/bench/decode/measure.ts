import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { DecoderSession } from "@medv/diffusion/decoder_session";
import { denoise, type DenoiseRequest, type RunEnd } from "@medv/diffusion/denoise";
import { resolveSettings } from "@medv/diffusion/resolve_settings";
import { UNWATCHED } from "@medv/diffusion/run_batcher";
import { GenerationSettingsSchema } from "@medv/proto/diffusion";
import { median } from "../median.ts";

/** Settings to measure, under a name. */
export type Variant = {
  readonly name: string;
  readonly settings: MessageInitShape<typeof GenerationSettingsSchema>;
};

/** Medians over all requests and rounds. */
export type Measured = {
  readonly name: string;
  readonly genLength: number;
  readonly tokensPerSecond: number;
  readonly answerMs: number;
  readonly tokens: number;
  readonly forwardPasses: number;
  readonly revisions: number;
};

const ROUNDS = 3;
const CALLER = { tenantScope: "", priority: "interactive" } as const;

/** Answers every request in every variant, one after the other, variants turn by turn. */
export async function measure(
  decoder: DecoderSession,
  requests: readonly Omit<DenoiseRequest, "settings">[],
  variants: readonly Variant[],
): Promise<readonly Measured[]> {
  const samples = new Map<string, Omit<Measured, "name" | "genLength">[]>();
  const lengths = new Map<string, number>();
  for (let round = 0; round <= ROUNDS; round++) {
    for (const request of requests) {
      for (const { name, settings } of variants) {
        const given = create(GenerationSettingsSchema, settings);
        const resolved = resolveSettings(given, decoder.tokenizer, () => 1);
        lengths.set(name, resolved.genLength);
        const startedAt = performance.now();
        const last = await answer(decoder, { ...request, settings: resolved });
        const answerMs = performance.now() - startedAt;
        // The first round warms up.
        if (round === 0) continue;
        const tokens = last.stop ?? resolved.genLength;
        const { forwardPasses, revisions } = last;
        const sample = {
          tokensPerSecond: (1000 * tokens) / answerMs,
          answerMs,
          tokens,
          forwardPasses,
          revisions,
        };
        samples.set(name, [...(samples.get(name) ?? []), sample]);
      }
    }
  }
  return variants.map(({ name }) => {
    const all = samples.get(name) ?? [];
    const middle = (pick: (sample: (typeof all)[number]) => number): number =>
      median(all.map(pick));
    return {
      name,
      genLength: lengths.get(name) ?? 0,
      tokensPerSecond: middle((sample) => sample.tokensPerSecond),
      answerMs: middle((sample) => sample.answerMs),
      tokens: middle((sample) => sample.tokens),
      forwardPasses: middle((sample) => sample.forwardPasses),
      revisions: middle((sample) => sample.revisions),
    };
  });
}

async function answer(decoder: DecoderSession, request: DenoiseRequest): Promise<RunEnd> {
  const { signal } = new AbortController();
  let last: RunEnd | undefined;
  const run = (row: Parameters<DecoderSession["run"]>[0]) =>
    decoder.run(row, CALLER, signal, UNWATCHED);
  for await (const end of denoise(run, request, signal)) last = end;
  if (last === undefined) throw new RangeError("Cannot measure an answer without a run");
  return last;
}
