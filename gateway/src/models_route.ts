import { OpenAPIHono } from "@hono/zod-openapi";
import { DomainError } from "@medv/proto";
import type { DescribeModelResponse } from "@medv/proto/diffusion";
import { PROFILE_NAMES, profileName } from "@medv/proto/profile_name";
import { z } from "zod";
import type { Dependencies, GatewayEnv } from "./dependencies.ts";
import { NOTICE, noticeSchema } from "./notice.ts";
import type { Operation } from "./openapi/operation.ts";
import { serve } from "./openapi/serve.ts";

const modelSchema = z
  .object({
    id: z.string(),
    object: z.literal("model"),
    created: z.int().meta({ description: "0: when it was trained is not known." }),
    owned_by: z.string(),
    digest: z.string().meta({ description: "Of its weights and graphs." }),
    context_length: z.int(),
    profiles: z.array(z.enum(PROFILE_NAMES)),
    default_profile: z.enum(PROFILE_NAMES).nullable(),
    default_gen_length: z.int().nullable(),
    notice: noticeSchema,
  })
  .meta({ id: "Model" });

const listOperation = {
  method: "get",
  path: "/",
  operationId: "listModels",
  tag: "Models",
  summary: "The model that is served, as a list",
  responses: {
    200: {
      description: "One model.",
      content: {
        "application/json": {
          schema: z
            .object({ object: z.literal("list"), data: z.array(modelSchema), notice: noticeSchema })
            .meta({ id: "ModelList" }),
        },
      },
    },
  },
  access: "caller",
  errors: [],
  errorStyle: "openai",
} as const satisfies Operation;

const describeOperation = {
  method: "get",
  path: "/:id{.+}",
  operationId: "describeModel",
  tag: "Models",
  summary: "A model by its id",
  request: { params: z.object({ id: z.string() }) },
  responses: {
    200: { description: "The model.", content: { "application/json": { schema: modelSchema } } },
  },
  access: "caller",
  errors: ["unknown_model"],
  errorStyle: "openai",
} as const satisfies Operation;

/** `GET /v1/models` and `GET /v1/models/:id`, in OpenAI's shape. */
export function modelsRoute({ model }: Dependencies): OpenAPIHono<GatewayEnv> {
  const route = new OpenAPIHono<GatewayEnv>();
  serve(route, listOperation, async (_, context) => {
    const description = await model.refresh(context.req.raw.signal, context.get("requestId"));
    return context.json({ object: "list", data: [entry(description)], notice: NOTICE }, 200);
  });
  serve(route, describeOperation, async ({ params }, context) => {
    const description = await model.refresh(context.req.raw.signal, context.get("requestId"));
    if (params.id === description.model) return context.json(entry(description), 200);
    throw new DomainError(
      "unknown_model",
      `Cannot describe the model as it is not served: served is "${description.model}"`,
      { field: "id" },
    );
  });
  return route;
}

function entry({
  model,
  modelDigest,
  contextLength,
  profiles,
  defaults,
}: DescribeModelResponse): z.output<typeof modelSchema> {
  return {
    id: model,
    object: "model",
    created: 0, // the member must be there
    owned_by: "llada-medv",
    digest: modelDigest,
    context_length: contextLength,
    profiles: profiles.map((each) => profileName(each)).filter((name) => name !== undefined),
    default_profile: profileName(defaults?.profile) ?? null,
    default_gen_length: defaults?.genLength ?? null,
    notice: NOTICE,
  };
}
