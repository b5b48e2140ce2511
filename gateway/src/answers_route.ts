import { OpenAPIHono } from "@hono/zod-openapi";
import { DomainError } from "@medv/proto";
import type { Context } from "hono";
import type { AnswerEvent } from "./answer_event.ts";
import { toNativeRequest } from "./answer_request.ts";
import { askOperation, followOperation, stopOperation } from "./answers_operation.ts";
import { callerOf } from "./auth/require_caller.ts";
import { cannotContinue } from "./continue_answer.ts";
import { type Dependencies, type GatewayEnv, maxJsonBytes } from "./dependencies.ts";
import { eventStream, frame } from "./event_stream.ts";
import { serve } from "./openapi/serve.ts";
import { problemOf } from "./problem.ts";
import { answerKeys, keyedAnswer } from "./idempotency/keyed_answer.ts";
import { keyedRequest } from "./idempotency/keyed_request.ts";
import { type KeptAnswer, newAnswerId } from "./kept_answer.ts";
import { requestController } from "./request_controller.ts";
import { runOf } from "./run_of.ts";
import { startAnswer } from "./start_answer.ts";
import { together, type Usage } from "./usage.ts";

/**
 * `POST /v1/answers`: the native stream, with provisional and committed text; every event has an id. With
 * `on_disconnect: "continue"`, `GET /v1/answers/:id` takes the stream up after `Last-Event-ID`, `DELETE` ends the work.
 */
export function answersRoute(dependencies: Dependencies): OpenAPIHono<GatewayEnv> {
  const { maxImageBytes, keepAliveMs, answers, claims } = dependencies;
  const keys = answerKeys("answers", claims);
  const route = new OpenAPIHono<GatewayEnv>();
  const respond = (
    context: Context<GatewayEnv>,
    framed: AsyncGenerator<Framed>,
    controller: AbortController,
  ): Response => {
    const requestId = context.get("requestId");
    return eventStream(frames(context, framed), controller, {
      onEnd: context.get("endRequest"),
      onError: (error) => frame({ type: "error", ...errorBody(error, requestId) }, "error"),
      keepAliveMs,
    });
  };
  serve(
    route,
    askOperation,
    async ({ headers, json }, context) => {
      const request = toNativeRequest(json, maxImageBytes);
      const requestId = context.get("requestId");
      const caller = callerOf(context);
      const { tenantScope, grant } = caller;
      const controller = requestController(context.req.raw);
      const { signal } = controller;
      const goesOn = request.onDisconnect === "continue";
      const run = runOf(dependencies, request, { requestId, tenantScope, grant });
      const key = headers["Idempotency-Key"];
      const options = { run, goesOn, ttlMs: request.keptSeconds * 1000, tenantScope };
      if (key === undefined && !goesOn) {
        return respond(context, numbered(newAnswerId(), await run(signal)), controller);
      }
      const answer =
        key === undefined
          ? await startAnswer(answers, options, signal)
          : await keyedAnswer(
              { keys, answers },
              await keyedRequest(key, caller, json),
              options,
              signal,
            );
      return respond(context, followed(answer, -1, signal), controller);
    },
    { maxJsonBytes: maxJsonBytes(maxImageBytes) },
  );

  serve(route, followOperation, async ({ params: { id }, headers }, context) => {
    const answer = await answers.find(id, callerOf(context).tenantScope);
    const { after, isAlone } = lastEvent(headers["Last-Event-ID"], id);
    if (isAlone && !answer.isHere) {
      throw cannotContinue("its last event was given out while the shared cache was away");
    }
    const controller = requestController(context.req.raw);
    return respond(context, followed(answer, after, controller.signal), controller);
  });

  serve(route, stopOperation, async ({ params }, context) => {
    await answers.stop(params.id, callerOf(context).tenantScope);
    return context.body(null, 204);
  });
  return route;
}

/** An event, and the id of its frame. */
type Framed = { readonly event: AnswerEvent; readonly id: string };

/** An answer's end is held back until it is known whether it is the last of all. */
async function* frames(
  context: Context<GatewayEnv>,
  framed: AsyncGenerator<Framed>,
): AsyncGenerator<string, string> {
  let usage: Usage | undefined;
  let held = "";
  try {
    for await (const { event, id } of framed) {
      if (held !== "") yield held;
      held = "";
      const sent = frame(event, event.type, id);
      if (event.type === "answer-end") {
        usage = together(usage, event.usage);
        context.set("numbers", usage);
        held = sent;
      } else {
        yield sent;
      }
    }
  } catch (error) {
    if (held !== "") yield held;
    throw error;
  }
  return held;
}

/** Of an answer that ends with its reader. */
async function* numbered(id: string, events: AsyncGenerator<AnswerEvent>): AsyncGenerator<Framed> {
  let number = 0;
  for await (const event of events) yield { event, id: `${id}.${number++}` };
}

async function* followed(
  answer: Pick<KeptAnswer, "id" | "follow">,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<Framed> {
  for await (const { number, event, isAlone } of answer.follow(after, signal)) {
    yield { event, id: `${answer.id}.${number}${isAlone ? ALONE : ""}` };
  }
}

/** What the id of an event ends with that only the gateway knows which gave it out. */
const ALONE = "a";

/** The number in the id of the last event that the caller has; -1 where it has none. */
function lastEvent(
  lastEventId: string | undefined,
  id: string,
): { readonly after: number; readonly isAlone: boolean } {
  if (lastEventId === undefined) return { after: -1, isAlone: false };
  const place = lastEventId.startsWith(`${id}.`) ? lastEventId.slice(id.length + 1) : "";
  const isAlone = place.endsWith(ALONE);
  const number = isAlone ? place.slice(0, -ALONE.length) : place;
  if (/^\d{1,9}$/.test(number)) return { after: Number(number), isAlone };
  throw new DomainError(
    "invalid_request",
    "Cannot continue the answer as Last-Event-ID must be the id of one of its events",
    { field: "Last-Event-ID" },
  );
}

/** The members of a problem that mean something after the status line was sent. */
function errorBody(error: unknown, requestId: string) {
  const { type: _, ...body } = problemOf(error, requestId);
  return body;
}
