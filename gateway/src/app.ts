import { OpenAPIHono } from "@hono/zod-openapi";
import { DomainError } from "@medv/proto";
import { compress } from "hono/compress";
import { answersRoute } from "./answers_route.ts";
import { chatRoute } from "./chat_route.ts";
import { HEALTH_PATHS, requireCaller } from "./auth/require_caller.ts";
import { apiHeaders } from "./api_headers.ts";
import { clientTokensRoute } from "./client_tokens_route.ts";
import { allowOrigins } from "./cross_origin.ts";
import type { Dependencies, GatewayEnv } from "./dependencies.ts";
import { DOCUMENT_PATHS, documentRoute } from "./openapi/document_route.ts";
import { healthRoute } from "./health_route.ts";
import { imagesRoute } from "./images_route.ts";
import { limitRequests } from "./limits/limit_requests.ts";
import { modelsRoute } from "./models_route.ts";
import { pagePath, pageRoute } from "./page_route.ts";
import { problemOf, problemResponse, type ProblemStyle } from "./problem.ts";
import { callerGone } from "./request_controller.ts";
import { requestLog } from "./request_log.ts";

/** The gateway's HTTP side, on Web standards only. */
export function createApp(dependencies: Dependencies): OpenAPIHono<GatewayEnv> {
  const { log, authenticate, limits, page, corsOrigins } = dependencies;
  const app = new OpenAPIHono<GatewayEnv>();
  app.use(compress());
  app.use(requestLog(dependencies));
  app.use(apiHeaders());
  if (corsOrigins.length > 0) app.use(allowOrigins(corsOrigins));
  const openPaths = [...HEALTH_PATHS, ...DOCUMENT_PATHS, ...[...page.keys()].map(pagePath)];
  app.use(requireCaller(authenticate, new Set(openPaths)));
  app.use(limitRequests(limits));
  app.route("/v1/images", imagesRoute(dependencies));
  app.route("/v1/answers", answersRoute(dependencies));
  app.route("/v1/chat/completions", chatRoute(dependencies));
  app.route("/v1/client_tokens", clientTokensRoute(dependencies));
  app.route("/v1/models", modelsRoute(dependencies));
  app.route("/", healthRoute(dependencies));
  app.route("/", documentRoute(app));
  app.route("/", pageRoute(dependencies));
  app.notFound((context) => {
    const { method, path } = context.req;
    const error = new DomainError(
      "not_found",
      "Cannot find the route as there is none of this method and path",
    );
    const response = problemResponse(error, context.get("requestId"), styleOf(path));
    return method === "HEAD" ? new Response(null, response) : response;
  });
  app.onError((thrown, context) => {
    const requestId = context.get("requestId");
    const error = context.req.raw.signal.aborted ? callerGone() : thrown;
    // Only the kind of an unforeseen error: its text may quote what was sent.
    if (problemOf(error, requestId).code === "internal") {
      log.error({ requestId, name: error.name, stack: framesOf(error) }, "request-error");
    }
    return problemResponse(error, requestId, styleOf(context.req.path));
  });
  return app;
}

function styleOf(path: string): ProblemStyle {
  return path.startsWith("/v1/chat/") || path.startsWith("/v1/models") ? "openai" : "native";
}

/** Where it happened, without the message. */
function framesOf(error: Error): string[] {
  return (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
}
