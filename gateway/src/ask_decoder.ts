import { create } from "@bufbuild/protobuf";
import { DomainError } from "@medv/proto";
import {
  GenerateRequestSchema,
  type GenerateResponse,
  GenerationSettingsSchema,
} from "@medv/proto/diffusion";
import type { CallOptions } from "@medv/proto/grpc";
import type { GenerateInput, Services } from "./services.ts";

/** How the decoder is asked. */
export type Decoder = Pick<Services["diffusion"], "generate"> & {
  /** Told of every answer that was lost and is asked for again. */
  readonly onAskedAgain: () => void;
};

/**
 * Asks the decoder. An answer that is lost between its start and its first draft, as one that waits for its turn at a
 * replica that dies, is asked for once more with the seed of its start: whoever reads sees one start, and no loss.
 *
 * @throws {DomainError} What the diffusion service throws.
 */
export async function* askDecoder(
  { generate, onAskedAgain }: Decoder,
  question: GenerateInput,
  call: CallOptions,
): AsyncGenerator<GenerateResponse> {
  const request = create(GenerateRequestSchema, question);
  /** Of each choice that has started. */
  const seeds = new Map<number, bigint>();
  let hasDraft = false;
  for (let attempt = 1; ; attempt++) {
    try {
      for await (const response of generate(request, call)) {
        const { event, choice } = response;
        if (event.case !== "answerStart") hasDraft = true;
        else if (seeds.has(choice)) continue;
        else seeds.set(choice, event.value.seed);
        yield response;
      }
      return;
    } catch (error) {
      const isLost = error instanceof DomainError && error.code === "unavailable";
      // Before a start the client has asked elsewhere by itself.
      const seed = seeds.get(0);
      if (!isLost || hasDraft || seed === undefined || attempt > 1) throw error;
      request.settings ??= create(GenerationSettingsSchema);
      request.settings.seed = seed;
      onAskedAgain();
    }
  }
}
