import { denoise, type RunEnd } from "@medv/diffusion/denoise";
import { resolveSettings } from "@medv/diffusion/resolve_settings";
import { UNWATCHED } from "@medv/diffusion/run_batcher";
import { create } from "@bufbuild/protobuf";
import { GenerationSettingsSchema, Profile } from "@medv/proto/diffusion";
import { expect, test } from "vitest";
import { describePhantoms } from "./bench/decode/prompts.ts";
import { openEmbeddedSessions } from "./embedded_sessions.ts";

const PRECISIONS = ["float32", "float16"] as const;

/**
 * GPUs compute float16; here ONNX Runtime's CPU provider widens each product of the same graph and rounds what it gives,
 * so numbers are those of a float16 graph and only speed is not.
 */
test("the towers and the decoder answer in float16 nearly as in float32", async () => {
  const answers = await Promise.all(PRECISIONS.map(describe));
  const [exact, half] = answers;
  expect(half?.embedding.length).toBe(exact?.embedding.length);
  const error = Math.hypot(...difference(half?.embedding, exact?.embedding));
  // Two answers in the same precision would be the same.
  expect(error).toBeGreaterThan(0);
  expect(error / Math.hypot(...(exact?.embedding ?? []))).toBeLessThan(0.01);
  const same = exact?.end.tokenIds.filter((id, index) => id === half?.end.tokenIds[index]);
  expect(same?.length).toBeGreaterThanOrEqual(24);
  const confidence = difference(half?.end.commitConfidence, exact?.end.commitConfidence);
  expect(Math.abs(confidence[0] ?? NaN)).toBeLessThan(0.05);
});

async function describe(precision: (typeof PRECISIONS)[number]): Promise<{
  readonly embedding: Float32Array;
  readonly end: RunEnd;
}> {
  const { tower, decoder, release } = await openEmbeddedSessions({ precision, maxBatchRows: 1 });
  try {
    const [request] = await describePhantoms(1, tower, decoder);
    if (request === undefined) throw new RangeError("Cannot draw a phantom");
    const asked = create(GenerationSettingsSchema, { profile: Profile.BALANCED, genLength: 32 });
    const settings = resolveSettings(asked, decoder.tokenizer, () => 1);
    const { signal } = new AbortController();
    const caller = { tenantScope: "", priority: "interactive" } as const;
    let last: RunEnd | undefined;
    for await (const end of denoise(
      (row) => decoder.run(row, caller, signal, UNWATCHED),
      { ...request, settings },
      signal,
    )) {
      last = end;
    }
    if (last === undefined) throw new RangeError("Cannot find an answer");
    return { embedding: request.embeddings.data, end: last };
  } finally {
    await release();
  }
}

function difference(left: Float32Array = new Float32Array(), right = left): readonly number[] {
  return Array.from(left, (value, index) => value - (right[index] ?? NaN));
}
