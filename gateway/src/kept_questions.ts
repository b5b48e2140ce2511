import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GenerateRequestSchema, GenerationSettingsSchema } from "@medv/proto/diffusion";
import type { CacheName } from "@medv/runtime/remote_cache/cache_connection";
import type { RemoteCache } from "@medv/runtime/remote_cache/remote_cache";
import { z } from "zod";
import type { Question } from "./admit_question.ts";
import { answerQuestion, type AnswerSources, imageContextOf } from "./answer.ts";
import type { AnswerEvent } from "./answer_event.ts";
import type { ImageSource } from "./image_url.ts";
import { fromBytes, toBytes } from "./json_bytes.ts";

/** A question, and for how long its answer is kept. */
export type AskedQuestion = { readonly question: Question; readonly ttlMs: number };

/** A question in the shared cache; `forget` takes it away when nobody will have to ask it again. */
export type KeptQuestion = AskedQuestion & { readonly forget: () => Promise<void> };

/** The questions of shared answers, so that another gateway can ask them again. */
export type KeptQuestions = {
  /** Undefined where it cannot be kept. */
  keep(id: string, asked: AskedQuestion): Promise<KeptQuestion | undefined>;
  find(id: string, tenantScope: string): Promise<KeptQuestion | undefined>;
  /** What is answered when it is asked again, with the seed that it had; it is not counted again. */
  ask(
    question: Question,
    seed: bigint | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<AnswerEvent>;
};

const schema = z.object({
  /** All but its images, as the decoder takes it. */
  asked: z.base64(),
  images: z.array(
    z.discriminatedUnion("type", [
      z.object({ type: z.literal("id"), id: z.string(), field: z.string() }),
      z.object({ type: z.literal("pixels"), id: z.string(), digest: z.string() }),
    ]),
  ),
  requestId: z.string(),
  ttlMs: z.int(),
});

/** Without its images; a conversation that fits no context is not kept. */
const MAX_BYTES = 1 << 20;

/** The questions in a cache. Of images that came with them the pixels are kept, and not what was sent. */
export function keptQuestions(sources: AnswerSources, remote: RemoteCache): KeptQuestions {
  const { images, metrics, model, answerTimeoutMs } = sources;
  const kept = (id: string, { question, ttlMs }: AskedQuestion): KeptQuestion => ({
    question,
    ttlMs,
    async forget() {
      const { tenantScope, requestId } = question;
      try {
        const context = imageContextOf(question, await model.get(images.signal, requestId));
        await remote.delete(questionName(id, tenantScope));
        for (const each of question.images) {
          if (each.type === "pixels") await images.unshare(each, context);
        }
      } catch {
        // It expires.
      }
    },
  });
  return {
    async keep(id, { question, ttlMs }) {
      // An answer may end so late, and be looked for so long after.
      const keptMs = answerTimeoutMs + ttlMs;
      if (encodeQuestion({ question: { ...question, images: [] }, ttlMs }).length > MAX_BYTES) {
        return undefined;
      }
      try {
        const context = imageContextOf(question, await model.get(images.signal));
        const share = async (each: ImageSource): Promise<ImageSource> =>
          each.type === "bytes" ? await images.share(each.bytes, context, keptMs) : each;
        const shared = { ...question, images: await Promise.all(question.images.map(share)) };
        const bytes = encodeQuestion({ question: shared, ttlMs });
        await remote.set(questionName(id, question.tenantScope), bytes, keptMs / 1000);
        return kept(id, { question: shared, ttlMs });
      } catch {
        // Whoever asked is told by the answer itself what is wrong with an image or the model.
        return undefined;
      }
    },
    async find(id, tenantScope) {
      const bytes = await remote.get(questionName(id, tenantScope));
      const asked = bytes && decodeQuestion(bytes, tenantScope);
      return asked && kept(id, asked);
    },
    ask(question, seed, signal) {
      metrics.onAskedAgain();
      const settings = create(GenerationSettingsSchema, question.settings);
      if (seed !== undefined) settings.seed = seed;
      return answerQuestion(sources, { ...question, settings }, signal);
    },
  };
}

/** A question as it lies in the cache. */
export function encodeQuestion({ question, ttlMs }: AskedQuestion): Uint8Array {
  const { images, requestId, ...asked } = question;
  const message = toBinary(GenerateRequestSchema, create(GenerateRequestSchema, asked));
  return toBytes({ asked: Buffer.from(message).toString("base64"), images, requestId, ttlMs });
}

/** The inverse of {@link encodeQuestion}; undefined where the bytes hold no question, as those of another version may. */
export function decodeQuestion(bytes: Uint8Array, tenantScope: string): AskedQuestion | undefined {
  const record = fromBytes(schema, bytes);
  if (record === undefined) return undefined;
  const { asked, images, requestId, ttlMs } = record;
  try {
    const message = fromBinary(GenerateRequestSchema, Buffer.from(asked, "base64"));
    const { model, messages, priority, choices } = message;
    const settings = message.settings ?? create(GenerationSettingsSchema);
    const rest = { settings, priority, choices, images, tenantScope, requestId };
    return { question: { model, messages, ...rest }, ttlMs };
  } catch {
    return undefined; // It is no message.
  }
}

function questionName(id: string, tenantScope: string): CacheName {
  return { tenantScope, key: `question/${id}` };
}
