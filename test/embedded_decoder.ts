import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { DecoderRow, RowResult } from "@medv/diffusion/decoder_row";
import type { DecoderSession } from "@medv/diffusion/decoder_session";
import { generate } from "@medv/diffusion/generate";
import {
  GenerateRequestSchema,
  Role,
  type AnswerEnd,
  type AnswerStart,
  type BlockDraft,
  type CommittedToken,
  type GenerationSettingsSchema,
  type ImageReferenceSchema,
} from "@medv/proto/diffusion";
import { Workload } from "@medv/diffusion/workload";
import type { EmbeddingHandle } from "@medv/proto/embedding";
import { createLogger } from "@medv/runtime/logger";
import { embedPhantom } from "./embed_phantom.ts";
import { openEmbeddedSessions } from "./embedded_sessions.ts";

/** One answer, as its events told it. */
export type Told = {
  start?: AnswerStart;
  end?: AnswerEnd;
  text: string;
  readonly tokens: CommittedToken[];
  readonly drafts: BlockDraft[];
};

/**
 * The diffusion service's whole way from a question to its answers, on the embedded checkpoint, without the wire.
 *
 * @param onRun Told what each run of an answer was fed and left.
 */
export async function openEmbeddedDecoder(
  onRun: (row: DecoderRow, result: RowResult) => void = () => undefined,
): Promise<{
  readonly session: DecoderSession;
  /** The answers by choice, to a question about a drawn image of that number or about none. */
  ask(
    settings: MessageInitShape<typeof GenerationSettingsSchema>,
    choices?: number,
    phantom?: number,
  ): Promise<readonly Told[]>;
  release(): Promise<void>;
}> {
  const { tower, decoder, release } = await openEmbeddedSessions({ maxBatchRows: 16 });
  const { vision } = decoder.checkpoint.config;
  const options = {
    ...decoder,
    model: "phantom",
    run: async (...asked: Parameters<DecoderSession["run"]>) => {
      const result = await decoder.run(...asked);
      onRun(asked[0], result);
      return result;
    },
    // A handle's digest is its drawn image's number here.
    readEmbedding: async ({ digest }: EmbeddingHandle, signal: AbortSignal) => ({
      data: await embedPhantom(tower, vision, Number(digest), signal),
      origin: "pulled" as const,
    }),
    randomSeed: () => 7,
    metrics: { onAnswer: () => undefined },
    workload: new Workload({ maxRows: 16, maxQueueMs: 60_000 }),
    logger: createLogger({ service: "test", level: "silent" }),
  };
  return {
    session: decoder,
    release,
    async ask(settings, choices = 1, phantom?: number) {
      const request = create(GenerateRequestSchema, {
        model: "phantom",
        messages: [
          {
            role: Role.USER,
            parts: [
              ...(phantom === undefined ? [] : [{ content: { case: "image", value: 0 } as const }]),
              { content: { case: "text", value: "Describe the image in detail." } },
            ],
          },
        ],
        images: phantom === undefined ? [] : [phantomImage(phantom)],
        settings,
        choices,
      });
      const { signal } = new AbortController();
      const context = { signal, requestId: "", deadline: undefined };
      const told: Told[] = [];
      for await (const { event, choice } of generate(request, context, options)) {
        const answer = (told[choice] ??= { text: "", tokens: [], drafts: [] });
        if (event.case === "answerStart") answer.start = event.value;
        if (event.case === "blockDraft") answer.drafts.push(event.value);
        if (event.case === "textDelta") {
          answer.text += event.value.text;
          answer.tokens.push(...event.value.tokens);
        }
        if (event.case === "answerEnd") answer.end = event.value;
      }
      return told;
    },
  };
}

function phantomImage(number: number): MessageInitShape<typeof ImageReferenceSchema> {
  return { handle: { digest: String(number), shape: [1] }, width: 1, height: 1 };
}
