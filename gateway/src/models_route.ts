import { DomainError } from "@medv/proto";
import type { DescribeModelResponse } from "@medv/proto/diffusion";
import { profileName } from "@medv/proto/profile_name";
import { Hono } from "hono";
import type { Dependencies, GatewayEnv } from "./dependencies.ts";
import { NOTICE } from "./notice.ts";

/** `GET /v1/models` and `GET /v1/models/:id`, in OpenAI's shape. */
export function modelsRoute({ model }: Dependencies): Hono<GatewayEnv> {
  const route = new Hono<GatewayEnv>();
  route.get("/", async (context) => {
    const description = await model.refresh(context.req.raw.signal, context.get("requestId"));
    return context.json({ object: "list", data: [entry(description)], notice: NOTICE });
  });
  route.get("/:id{.+}", async (context) => {
    const description = await model.refresh(context.req.raw.signal, context.get("requestId"));
    if (context.req.param("id") === description.model) return context.json(entry(description));
    throw new DomainError(
      "unknown_model",
      `Cannot describe the model as it is not served: served is "${description.model}"`,
      { field: "id" },
    );
  });
  return route;
}

function entry({ model, modelDigest, contextLength, profiles, defaults }: DescribeModelResponse) {
  return {
    id: model,
    object: "model",
    // When it was trained is not known; the member must be there.
    created: 0,
    owned_by: "llada-medv",
    digest: modelDigest,
    context_length: contextLength,
    profiles: profiles.map((each) => profileName(each)).filter((name) => name !== undefined),
    default_profile: profileName(defaults?.profile) ?? null,
    default_gen_length: defaults?.genLength ?? null,
  };
}
