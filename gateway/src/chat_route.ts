import { DomainError } from "@medv/proto";
import { Hono } from "hono";
import { type AnswerEvent, streamAnswer } from "./answer.ts";
import { type ChatRequest, parseChatRequest } from "./answer_request.ts";
import { type Dependencies, type GatewayEnv, maxJsonBytes } from "./dependencies.ts";
import { eventStream, frame, withFirst } from "./event_stream.ts";
import { NOTICE } from "./notice.ts";
import { openAiErrorOf, problemOf } from "./problem.ts";
import { readJson } from "./read_body.ts";
import { requestController } from "./request_controller.ts";

type AnswerEnd = Extract<AnswerEvent, { type: "answer-end" }>;

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
    const tenantScope = context.get("tenantScope");
    const controller = requestController(context.req.raw);
    const head: Head = {
      id: `chatcmpl-${crypto.randomUUID()}`,
      created: Math.floor(Date.now() / 1000),
      model: request.model,
    };
    const onUsage = (end: AnswerEnd): void => context.set("numbers", end.usage);
    const answer = streamAnswer(
      dependencies,
      request,
      { requestId, tenantScope },
      controller.signal,
    );
    const events = await fromStart(answer);
    if (!request.stream) return context.json(await completion(events, head, onUsage));
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
  head: Head,
  onUsage: (end: AnswerEnd) => void,
) {
  let content = "";
  for await (const event of events) {
    if (event.type === "text-delta") content += event.text;
    if (event.type !== "answer-end") continue;
    onUsage(event);
    const message = { role: "assistant", content, refusal: null };
    const choice = { index: 0, message, logprobs: null, finish_reason: event.finish_reason };
    return {
      ...head,
      object: "chat.completion",
      choices: [choice],
      usage: event.usage,
      notice: event.notice,
    };
  }
  throw withoutEnd();
}

async function* chunks(
  events: AsyncGenerator<AnswerEvent>,
  { includeUsage }: ChatRequest,
  head: Head,
  onUsage: (end: AnswerEnd) => void,
): AsyncGenerator<string> {
  const chunk = (delta: object, finishReason: string | null, extra: object = {}): string =>
    frame({
      ...head,
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
      // OpenAI has the member in every chunk once usage is asked for.
      ...(includeUsage && { usage: null }),
      ...extra,
    });
  yield chunk({ role: "assistant", content: "" }, null);
  for await (const event of events) {
    if (event.type === "text-delta") yield chunk({ content: event.text }, null);
    if (event.type !== "answer-end") continue;
    onUsage(event);
    yield chunk({}, event.finish_reason, { notice: NOTICE });
    if (includeUsage) {
      yield frame({
        ...head,
        object: "chat.completion.chunk",
        choices: [],
        usage: event.usage,
        notice: NOTICE,
      });
    }
    yield frame("[DONE]");
    return;
  }
  throw withoutEnd();
}

function withoutEnd(): DomainError {
  return new DomainError("internal", "Cannot finish the answer as its stream ended without an end");
}
