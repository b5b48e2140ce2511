import { openAsBlob } from "node:fs";
import OpenAI, { NotFoundError } from "openai";
import { z } from "zod";
import type { Answer, Answerer, AnswerRequest } from "./answerer.ts";

/** A gateway's model. */
export type GatewayModel = { readonly identity: string; readonly answer: Answerer };

/** An answer of many tokens without a GPU takes long. */
const TIMEOUT_MS = 60 * 60_000;
/** Images whose ids are kept; the questions of one image come close together. */
const MAX_IMAGES = 64;

const uploadSchema = z.object({ id: z.string() });
const modelSchema = z.object({ id: z.string(), digest: z.string().optional() });
const completionSchema = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string() }),
        finish_reason: z.enum(["stop", "length"]),
      }),
    )
    .length(1),
  usage: z.object({
    completion_tokens: z.number(),
    details: z.object({
      forward_passes: z.number(),
      queue_ms: z.number(),
      embedding_ms: z.number(),
      decode_ms: z.number(),
    }),
  }),
});

/**
 * Opens the model that a running gateway serves.
 *
 * @param gateway.url The gateway's root, without `/v1`.
 * @throws {Error} If nothing answers there.
 */
export async function openGateway(
  { url, apiKey = "none" }: { readonly url: string; readonly apiKey?: string | undefined },
  signal: AbortSignal,
): Promise<GatewayModel> {
  const baseURL = `${url.replace(/\/$/, "")}/v1`;
  const client = new OpenAI({ baseURL, apiKey, maxRetries: 4, timeout: TIMEOUT_MS });
  const { data } = await client.models.list({ signal }).catch((cause: unknown) => {
    throw new Error(`Cannot evaluate as no gateway answers at ${url}: start it with npm start`, {
      cause,
    });
  });
  const model = modelSchema.parse(data[0]);
  return {
    identity: model.digest ?? model.id,
    answer: answererOf(client, model.id, uploader(baseURL, apiKey)),
  };
}

function answererOf(client: OpenAI, model: string, upload: Uploader): Answerer {
  return async (request, signal) => {
    const ask = async (): Promise<Answer> => {
      const imageId = request.image === undefined ? undefined : await upload(request.image, signal);
      const body = requestBody(model, request, imageId);
      return toAnswer(await client.chat.completions.create(body, { signal }));
    };
    try {
      return await ask();
    } catch (error) {
      // The gateway keeps an image for a while only.
      if (!(error instanceof NotFoundError) || request.image === undefined) throw error;
      upload.forget(request.image);
      return await ask();
    }
  };
}

type Uploader = ((path: string, signal: AbortSignal) => Promise<string>) & {
  forget(path: string): void;
};

/** Uploads each image once, also for questions that come at the same time. */
function uploader(baseURL: string, apiKey: string): Uploader {
  const ids = new Map<string, Promise<string>>();
  const upload = (path: string, signal: AbortSignal): Promise<string> => {
    const known = ids.get(path);
    if (known !== undefined) return known;
    const [oldest] = ids.keys();
    if (oldest !== undefined && ids.size >= MAX_IMAGES) ids.delete(oldest);
    const id = uploadImage({ baseURL, apiKey }, path, signal);
    ids.set(path, id);
    id.catch(() => ids.delete(path));
    return id;
  };
  return Object.assign(upload, { forget: (path: string) => void ids.delete(path) });
}

async function uploadImage(
  { baseURL, apiKey }: { readonly baseURL: string; readonly apiKey: string },
  path: string,
  signal: AbortSignal,
): Promise<string> {
  const body = await openAsBlob(path);
  const response = await fetch(`${baseURL}/images`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}` },
    body,
    signal,
  });
  if (response.ok) return uploadSchema.parse(await response.json()).id;
  const problem = z
    .object({ detail: z.string() })
    .safeParse(await response.json().catch(() => null));
  throw new Error(
    problem.success
      ? problem.data.detail
      : `Cannot upload the image as the gateway refused it: status ${response.status}`,
  );
}

type RequestBody = OpenAI.ChatCompletionCreateParamsNonStreaming & {
  readonly diffusion: Readonly<Record<string, unknown>>;
};

function requestBody(
  model: string,
  { turns, profile, genLength, steps, blockLength }: AnswerRequest,
  imageId: string | undefined,
): RequestBody {
  const messages = turns.map(({ role, text }, index): OpenAI.ChatCompletionMessageParam => {
    if (role === "assistant") return { role, content: text };
    if (index > 0 || imageId === undefined) return { role, content: text };
    const image_url = { url: `medv-image:${imageId}` };
    return {
      role,
      content: [
        { type: "image_url", image_url },
        { type: "text", text },
      ],
    };
  });
  // JSON leaves out what is undefined.
  const diffusion = { profile, gen_length: genLength, steps, block_length: blockLength };
  return { model, messages, diffusion };
}

function toAnswer(completion: unknown): Answer {
  const { choices, usage } = completionSchema.parse(completion);
  const { forward_passes: forwardPasses, ...details } = usage.details;
  const [choice] = choices;
  return {
    text: choice?.message.content ?? "",
    usage: {
      forwardPasses,
      completionTokens: usage.completion_tokens,
      elapsedMs: details.embedding_ms + details.decode_ms - details.queue_ms,
    },
    finishReason: choice?.finish_reason ?? "stop",
  };
}
