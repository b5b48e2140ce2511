import { DomainError } from "@medv/proto";
import { Hono } from "hono";
import { type AnswerEvent, streamAnswer } from "./answer.ts";
import { type ChatRequest, parseChatRequest } from "./answer_request.ts";
import { type ChatChoice, chatLogprobs, NO_CHOICE, withEvent } from "./chat_choice.ts";
import { callerOf } from "./auth/require_caller.ts";
import { type Dependencies, type GatewayEnv, maxJsonBytes } from "./dependencies.ts";
import { eventStream, frame, withFirst } from "./event_stream.ts";
import { NOTICE } from "./notice.ts";
import { openAiErrorOf, problemOf } from "./problem.ts";
import { readJson } from "./read_body.ts";
import { requestController } from "./request_controller.ts";
import { together, type Usage } from "./usage.ts";

/** What the objects of one answer have in common. */
type Head = { readonly id: string; readonly created: number; readonly model: string };

/** `POST /v1/chat/completions`: OpenAI's shape, whole or streamed; committed text only. */
export function chatRoute(dependencies: Dependencies): Hono<GatewayEnv> {
  const { maxImageBytes } = dependencies;
  const route = new Hono<GatewayEnv>();
  route.post("/", async (context) => {
    const body = await readJson(context.req.raw, maxJsonBytes(maxImageBytes));
    const request = parseChatRequest(body, maxImageBytes);
    const requestId = context.get("requestId");
    const { tenantScope, grant } = callerOf(context);
    const controller = requestController(context.req.raw);
    const head: Head = {
      id: `chatcmpl-${crypto.randomUUID()}`,
      created: Math.floor(Date.now() / 1000),
      model: request.model,
    };
    const onUsage = (usage: Usage): void => context.set("numbers", usage);
    const answer = streamAnswer(
      dependencies,
      request,
      { requestId, tenantScope, grant },
      controller.signal,
    );
    const events = await fromStart(answer);
    if (!request.stream) return context.json(await completion(events, request, head, onUsage));
    return eventStream(chunks(events, request, head, onUsage), controller, {
      onEnd: context.get("endRequest"),
      onError: (error) => frame(openAiErrorOf(problemOf(error, requestId))),
    });
  });
  return route;
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
) {
  let usage: Usage | undefined;
  let choices: readonly ChatChoice[] = Array.from({ length: count }, () => NO_CHOICE);
  for await (const event of events) {
    choices = withEvent(choices, event);
    if (event.type === "answer-end") usage = together(usage, event.usage);
  }
  if (usage === undefined || choices.some(({ finishReason }) => finishReason === undefined)) {
    throw withoutEnd();
  }
  onUsage(usage);
  return {
    ...head,
    object: "chat.completion",
    choices: choices.map(({ content, tokens, finishReason }, index) => ({
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
): AsyncGenerator<string> {
  const chunk = (choice: object, extra: object = {}): string =>
    frame({
      ...head,
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
    yield frame({
      ...head,
      object: "chat.completion.chunk",
      choices: [],
      usage,
      notice: NOTICE,
    });
  }
  yield frame("[DONE]");
}

function withoutEnd(): DomainError {
  return new DomainError("internal", "Cannot finish the answer as its stream ended without an end");
}
