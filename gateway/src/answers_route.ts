import { OpenAPIHono } from "@hono/zod-openapi";
import { DomainError } from "@medv/proto";
import type { Context } from "hono";
import { streamAnswer } from "./answer.ts";
import type { AnswerEvent } from "./answer_event.ts";
import { toNativeRequest } from "./answer_request.ts";
import { askOperation, followOperation, stopOperation } from "./answers_operation.ts";
import { callerOf } from "./auth/require_caller.ts";
import { type Dependencies, type GatewayEnv, maxJsonBytes } from "./dependencies.ts";
import { eventStream, frame, withFirst } from "./event_stream.ts";
import { serve } from "./openapi/serve.ts";
import { problemOf } from "./problem.ts";
import { callerGone, requestController } from "./request_controller.ts";
import type { RunningAnswer } from "./running_answers.ts";
import { together, type Usage } from "./usage.ts";

/**
 * `POST /v1/answers`: the native stream, with provisional and committed text. With `on_disconnect: "continue"` every
 * event has an id; `GET /v1/answers/:id` takes the stream up after `Last-Event-ID`, `DELETE` ends the work.
 */
export function answersRoute(dependencies: Dependencies): OpenAPIHono<GatewayEnv> {
  const { maxImageBytes, answers } = dependencies;
  const route = new OpenAPIHono<GatewayEnv>();
  serve(
    route,
    askOperation,
    async ({ json }, context) => {
      const request = toNativeRequest(json, maxImageBytes);
      const requestId = context.get("requestId");
      const { tenantScope, grant } = callerOf(context);
      const controller = requestController(context.req.raw);
      const isKept = request.onDisconnect === "continue";
      const work = isKept ? new AbortController() : controller;
      // Until there is an id to come back to, the work is for this caller alone.
      const abort = (): void => work.abort(callerGone());
      controller.signal.addEventListener("abort", abort);
      const events = await withFirst(
        streamAnswer(dependencies, request, { requestId, tenantScope, grant }, work.signal),
      );
      if (!isKept) return respond(context, unnumbered(events), controller);
      controller.signal.removeEventListener("abort", abort);
      const answer = answers.start(events, work, tenantScope);
      return respond(context, numbered(answer, -1, controller.signal), controller);
    },
    { maxJsonBytes: maxJsonBytes(maxImageBytes) },
  );

  serve(route, followOperation, ({ params: { id }, headers }, context) => {
    const answer = answers.find(id, callerOf(context).tenantScope);
    const after = lastNumber(headers["Last-Event-ID"], id);
    const controller = requestController(context.req.raw);
    return respond(context, numbered(answer, after, controller.signal), controller);
  });

  serve(route, stopOperation, ({ params }, context) => {
    answers.find(params.id, callerOf(context).tenantScope).stop();
    return context.body(null, 204);
  });
  return route;
}

/** An event, and the id of its frame if it has one. */
type Framed = { readonly event: AnswerEvent; readonly id?: string };

function respond(
  context: Context<GatewayEnv>,
  framed: AsyncGenerator<Framed>,
  controller: AbortController,
): Response {
  const requestId = context.get("requestId");
  async function* frames(): AsyncGenerator<string> {
    let usage: Usage | undefined;
    for await (const { event, id } of framed) {
      if (event.type === "answer-end") {
        usage = together(usage, event.usage);
        context.set("numbers", usage);
      }
      yield frame(event, event.type, id);
    }
  }
  return eventStream(frames(), controller, {
    onEnd: context.get("endRequest"),
    onError: (error) => frame({ type: "error", ...errorBody(error, requestId) }, "error"),
  });
}

async function* unnumbered(events: AsyncGenerator<AnswerEvent>): AsyncGenerator<Framed> {
  for await (const event of events) yield { event };
}

async function* numbered(
  answer: RunningAnswer,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<Framed> {
  for await (const { number, event } of answer.follow(after, signal)) {
    yield { event, id: `${answer.id}.${number}` };
  }
}

/** The number in the id of the last event that the caller has; -1 where it has none. */
function lastNumber(lastEventId: string | undefined, id: string): number {
  if (lastEventId === undefined) return -1;
  const number = lastEventId.startsWith(`${id}.`) ? lastEventId.slice(id.length + 1) : "";
  if (/^\d{1,9}$/.test(number)) return Number(number);
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
