import { clone, create } from "@bufbuild/protobuf";
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
 * @throws {DomainError} What the diffusion service throws; of an answer that was lost and whose embedding is lost too, that
 * it was lost: the caller can ask again.
 */
export async function* askDecoder(
  { generate, onAskedAgain }: Decoder,
  question: GenerateInput,
  call: CallOptions,
): AsyncGenerator<GenerateResponse> {
  let request = create(GenerateRequestSchema, question);
  let loss: DomainError | undefined;
  /** Of each choice that has started. */
  const seeds = new Map<number, bigint>();
  let hasDraft = false;
  for (;;) {
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
      const code = error instanceof DomainError ? error.code : undefined;
      if (loss !== undefined && code === "embedding_not_found") throw loss;
      // Before a start the client has asked elsewhere by itself.
      const seed = seeds.get(0);
      if (!(error instanceof DomainError) || code !== "unavailable") throw error;
      if (hasDraft || seed === undefined || loss !== undefined) throw error;
      loss = error;
      // What the caller gave stays as it is.
      request = clone(GenerateRequestSchema, request);
      request.settings ??= create(GenerationSettingsSchema);
      request.settings.seed = seed;
      onAskedAgain();
    }
  }
}
