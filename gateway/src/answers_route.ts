import { Hono } from "hono";
import { streamAnswer } from "./answer.ts";
import { parseAnswerRequest } from "./answer_request.ts";
import { type Dependencies, type GatewayEnv, maxJsonBytes } from "./dependencies.ts";
import { eventStream, frame, withFirst } from "./event_stream.ts";
import { problemOf } from "./problem.ts";
import { readJson } from "./read_body.ts";
import { requestController } from "./request_controller.ts";

/** `POST /v1/answers`: the native stream, with provisional and committed text. */
export function answersRoute(dependencies: Dependencies): Hono<GatewayEnv> {
  const { maxImageBytes } = dependencies;
  const route = new Hono<GatewayEnv>();
  route.post("/", async (context) => {
    const body = await readJson(context.req.raw, maxJsonBytes(maxImageBytes));
    const request = parseAnswerRequest(body, maxImageBytes);
    const requestId = context.get("requestId");
    const tenantScope = context.get("tenantScope");
    const controller = requestController(context.req.raw);
    const events = await withFirst(
      streamAnswer(dependencies, request, { requestId, tenantScope }, controller.signal),
    );
    async function* frames(): AsyncGenerator<string> {
      for await (const event of events) {
        if (event.type === "answer-end") context.set("numbers", event.usage);
        yield frame(event, event.type);
      }
    }
    return eventStream(frames(), controller, {
      onEnd: context.get("endRequest"),
      onError: (error) => frame({ type: "error", ...errorBody(error, requestId) }, "error"),
    });
  });
  return route;
}

/** The members of a problem that mean something after the status line was sent. */
function errorBody(error: unknown, requestId: string) {
  const { type: _, ...body } = problemOf(error, requestId);
  return body;
}
