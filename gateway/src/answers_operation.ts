import { z } from "zod";
import { streamEventSchema } from "./answer_event.ts";
import { nativeSchema } from "./answer_request.ts";
import { idempotencyHeaders } from "./idempotency/keyed_request.ts";
import type { Operation } from "./openapi/operation.ts";

/** What a question may end with. */
export const ANSWER_ERRORS = [
  "idempotency_key_reused",
  "unsupported_field",
  "invalid_setting",
  "invalid_messages",
  "context_too_long",
  "forbidden",
  "unknown_model",
  "unknown_image",
  "body_too_large",
  "image_too_large",
  "unsupported_image",
  "damaged_image",
  "undecodable_image",
  "overloaded",
  "embedding_mismatch",
  "embedding_not_found",
  "deadline_exceeded",
] as const;

const events = {
  200: {
    description:
      "Events, each named as the `type` in its data. Text of `text-delta` is final, what `block-draft` shows is not.",
    content: { "text/event-stream": { schema: streamEventSchema } },
  },
};

const params = z.object({ id: z.string() });

/** `POST /v1/answers`. */
export const askOperation = {
  method: "post",
  path: "/",
  operationId: "createAnswer",
  tag: "Answers",
  summary: "An answer as it is uncovered",
  description:
    'A stream of provisional and committed text. Every event but an error has an id. With `on_disconnect: "continue"` the answer goes on when its reader goes away, and can be taken up after any of them. With an `Idempotency-Key` alone it ends when all who asked under the key have gone away; what was said until then, or the whole of it, can be taken up in the same way, and the same question under the key is answered anew where it was not whole.',
  request: { headers: idempotencyHeaders, json: nativeSchema },
  responses: events,
  access: "caller",
  errors: ANSWER_ERRORS,
  errorStyle: "native",
} as const satisfies Operation;

/** `GET /v1/answers/:id`. */
export const followOperation = {
  method: "get",
  path: "/:id",
  operationId: "followAnswer",
  tag: "Answers",
  summary: "Takes up the stream of an answer that goes on, or that has a key",
  request: {
    params,
    headers: z.object({
      "Last-Event-ID": z.string().optional().meta({
        description:
          "The id of the last event that the caller has; everything from the start without.",
      }),
    }),
  },
  responses: events,
  access: "caller",
  errors: ["not_found"],
  errorStyle: "native",
} as const satisfies Operation;

/** `DELETE /v1/answers/:id`. */
export const stopOperation = {
  method: "delete",
  path: "/:id",
  operationId: "stopAnswer",
  tag: "Answers",
  summary: "Ends the work on an answer that goes on, or that has a key",
  description:
    "What was said until then can still be taken up by its id; its stream ends with the error `cancelled`. The same question under its `Idempotency-Key` is answered anew. An answer that is whole stays as it is.",
  request: { params },
  responses: { 204: { description: "It has ended." } },
  access: "caller",
  errors: ["not_found"],
  errorStyle: "native",
} as const satisfies Operation;
