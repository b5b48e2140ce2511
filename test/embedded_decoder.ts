import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { openDecoder, type DecoderSession } from "@medv/diffusion/decoder_session";
import { generate } from "@medv/diffusion/generate";
import {
  GenerateRequestSchema,
  Role,
  type AnswerEnd,
  type AnswerStart,
  type BlockDraft,
  type CommittedToken,
  type GenerationSettingsSchema,
} from "@medv/proto/diffusion";
import { Workload } from "@medv/diffusion/workload";
import { createLogger } from "@medv/runtime/logger";
import { fileURLToPath } from "node:url";

/** One answer, as its events told it. */
export type Told = {
  start?: AnswerStart;
  end?: AnswerEnd;
  text: string;
  readonly tokens: CommittedToken[];
  readonly drafts: BlockDraft[];
};

/** The diffusion service's whole way from a question to its answers, on the embedded checkpoint, without the wire. */
export async function openEmbeddedDecoder(): Promise<{
  readonly session: DecoderSession;
  /** The answers to a question without an image, by choice. */
  ask(
    settings: MessageInitShape<typeof GenerationSettingsSchema>,
    choices?: number,
  ): Promise<readonly Told[]>;
  release(): Promise<void>;
}> {
  const decoder = await openDecoder({
    checkpoint: fileURLToPath(new URL("../model/checkpoints/phantom", import.meta.url)),
    threads: 1,
    device: "cpu",
    precision: "float32",
    cacheDirectory: "",
    onQuantizeProgress: () => undefined,
    maxBatchRows: 16,
    runMemoryBytes: 2 ** 30,
    onRun: () => undefined,
    onExit: (error) => {
      throw error;
    },
  });
  const options = {
    ...decoder,
    model: "phantom",
    readEmbedding: () => Promise.reject(new TypeError("Cannot read an embedding here")),
    randomSeed: () => 7,
    metrics: { onAnswer: () => undefined },
    workload: new Workload({ maxRows: 16, maxQueueMs: 60_000 }),
    logger: createLogger({ service: "test", level: "silent" }),
  };
  return {
    session: decoder,
    release: () => decoder.release(),
    async ask(settings, choices = 1) {
      const request = create(GenerateRequestSchema, {
        model: "phantom",
        messages: [
          {
            role: Role.USER,
            parts: [{ content: { case: "text", value: "Describe the image in detail." } }],
          },
        ],
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
