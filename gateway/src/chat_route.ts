import { OpenAPIHono } from "@hono/zod-openapi";
import { DomainError } from "@medv/proto";
import type { AnswerEvent } from "./answer_event.ts";
import { type ChatRequest, toChatRequest } from "./answer_request.ts";
import { type ChatChoice, chatLogprobs, NO_CHOICE, withEvent } from "./chat_choice.ts";
import { type ChatChunk, type ChatCompletion, chatOperation } from "./chat_completion.ts";
import { callerOf } from "./auth/require_caller.ts";
import { type Dependencies, type GatewayEnv, maxJsonBytes } from "./dependencies.ts";
import { eventStream, frame, withFirst } from "./event_stream.ts";
import { answerKeys, type KeyedAnswer, keyedAnswer } from "./idempotency/keyed_answer.ts";
import { keyedRequest } from "./idempotency/keyed_request.ts";
import { ANSWER_TTL_MS } from "./kept_answer.ts";
import { NOTICE } from "./notice.ts";
import { serve } from "./openapi/serve.ts";
import { runOf } from "./run_of.ts";
import { openAiErrorOf, problemOf } from "./problem.ts";
import { requestController } from "./request_controller.ts";
import { together, type Usage } from "./usage.ts";

/** What the objects of one answer have in common. */
type Head = Pick<ChatCompletion, "id" | "created" | "model">;

/** `POST /v1/chat/completions`: OpenAI's shape, whole or streamed; committed text only. */
export function chatRoute(dependencies: Dependencies): OpenAPIHono<GatewayEnv> {
  const { maxImageBytes, keepAliveMs, answers, claims } = dependencies;
  const keys = answerKeys("chat", claims);
  const route = new OpenAPIHono<GatewayEnv>();
  serve(
    route,
    chatOperation,
    async ({ headers, json }, context) => {
      const request = toChatRequest(json, maxImageBytes);
      const requestId = context.get("requestId");
      const caller = callerOf(context);
      const { tenantScope, grant } = caller;
      const controller = requestController(context.req.raw);
      const { signal } = controller;
      const run = runOf(dependencies, request, { requestId, tenantScope, grant });
      const key = headers["Idempotency-Key"];
      const answer =
        key === undefined
          ? undefined
          : await keyedAnswer(
              { keys, answers },
              await keyedRequest(key, caller, json),
              { run, goesOn: false, ttlMs: ANSWER_TTL_MS, tenantScope },
              signal,
            );
      const head = headOf(request.model, answer);
      const events = await fromStart(
        answer === undefined ? await run(signal) : eventsOf(answer, signal),
      );
      const onUsage = (usage: Usage): void => context.set("numbers", usage);
      if (!request.stream) {
        return context.json(await completion(events, request, head, onUsage), 200);
      }
      return eventStream(chunks(events, request, head, onUsage), controller, {
        onEnd: context.get("endRequest"),
        onError: (error) => frame(openAiErrorOf(problemOf(error, requestId))),
        keepAliveMs,
      });
    },
    { maxJsonBytes: maxJsonBytes(maxImageBytes) },
  );
  return route;
}

/** The same for everybody who gets the same answer. */
function headOf(model: string, answer: KeyedAnswer | undefined): Head {
  const { id, startedAt } = answer ?? { id: crypto.randomUUID(), startedAt: new Date() };
  return { id: `chatcmpl-${id}`, created: Math.floor(startedAt.getTime() / 1000), model };
}

async function* eventsOf(answer: KeyedAnswer, signal: AbortSignal): AsyncGenerator<AnswerEvent> {
  for await (const { event } of answer.follow(-1, signal)) yield event;
}

/** The answer without what comes before its start, so that every error up to there has its HTTP status. */
async function fromStart(
  answer: AsyncGenerator<AnswerEvent>,
): Promise<AsyncGenerator<AnswerEvent>> {
  return await withFirst(
    (async function* skip() {
      for await (const event of answer) if (event.type !== "image-ready") yield event;
    })(),
  );
}

async function completion(
  events: AsyncGenerator<AnswerEvent>,
  { choices: count, settings }: ChatRequest,
  head: Head,
  onUsage: (usage: Usage) => void,
): Promise<ChatCompletion> {
  let usage: Usage | undefined;
  let fingerprint = "";
  let choices: readonly ChatChoice[] = Array.from({ length: count }, () => NO_CHOICE);
  for await (const event of events) {
    choices = withEvent(choices, event);
    if (event.type === "answer-start") fingerprint = event.system_fingerprint;
    if (event.type === "answer-end") usage = together(usage, event.usage);
  }
  const ended = choices.flatMap(({ finishReason, ...rest }) =>
    finishReason === undefined ? [] : [{ ...rest, finishReason }],
  );
  if (usage === undefined || ended.length < count) throw withoutEnd();
  onUsage(usage);
  return {
    ...head,
    system_fingerprint: fingerprint,
    object: "chat.completion",
    choices: ended.map(({ content, tokens, finishReason }, index) => ({
      index,
      message: { role: "assistant", content, refusal: null },
      logprobs: chatLogprobs(tokens, settings.logprobs ?? false),
      finish_reason: finishReason,
    })),
    usage,
    notice: NOTICE,
  };
}

async function* chunks(
  events: AsyncGenerator<AnswerEvent>,
  { includeUsage, choices: count, settings }: ChatRequest,
  head: Head,
  onUsage: (usage: Usage) => void,
): AsyncGenerator<string, string> {
  let fingerprint = "";
  const chunk = (choice: ChunkChoice, extra: Pick<ChatChunk, "notice"> = {}): string =>
    chunkFrame({
      ...head,
      system_fingerprint: fingerprint,
      object: "chat.completion.chunk",
      choices: [{ delta: {}, logprobs: null, finish_reason: null, ...choice }],
      // OpenAI has the member in every chunk once usage is asked for.
      ...(includeUsage && { usage: null }),
      ...extra,
    });
  let usage: Usage | undefined;
  let open = count;
  for await (const event of events) {
    if (event.type === "answer-start") {
      fingerprint = event.system_fingerprint;
      yield chunk({ index: event.choice, delta: { role: "assistant", content: "" } });
    } else if (event.type === "text-delta") {
      const logprobs = chatLogprobs(event.tokens, settings.logprobs ?? false);
      yield chunk({ index: event.choice, delta: { content: event.text }, logprobs });
    } else if (event.type === "answer-end") {
      usage = together(usage, event.usage);
      onUsage(usage);
      open -= 1;
      yield chunk(
        { index: event.choice, finish_reason: event.finish_reason },
        { notice: event.notice },
      );
    }
  }
  if (open > 0) throw withoutEnd();
  if (includeUsage) {
    const object = "chat.completion.chunk";
    yield chunkFrame({
      ...head,
      system_fingerprint: fingerprint,
      object,
      choices: [],
      usage,
      notice: NOTICE,
    });
  }
  return frame("[DONE]");
}

/** What a chunk says of a choice; the rest of it is empty. */
type ChunkChoice = Pick<ChatChunk["choices"][number], "index"> &
  Partial<ChatChunk["choices"][number]>;

function chunkFrame(chunk: ChatChunk): string {
  return frame(chunk);
}

function withoutEnd(): DomainError {
  return new DomainError("internal", "Cannot finish the answer as its stream ended without an end");
}
