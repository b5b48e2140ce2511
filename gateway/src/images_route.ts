import { OpenAPIHono } from "@hono/zod-openapi";
import { DomainError } from "@medv/proto";
import type { Context } from "hono";
import { z } from "zod";
import { callerOf } from "./auth/require_caller.ts";
import type { Dependencies, GatewayEnv } from "./dependencies.ts";
import {
  deleteImageOperation,
  describeImageOperation,
  type ImageBody,
  tileOperation,
  uploadOperation,
} from "./image_operations.ts";
import { imageChoice } from "./image_query.ts";
import type { ImageContext } from "./image_context.ts";
import { IdempotencyKeys } from "./idempotency/idempotency_keys.ts";
import { keyedRequest } from "./idempotency/keyed_request.ts";
import type { PreparedImage } from "./image/image_preprocessor.ts";
import { encodeTile } from "./image/encode_tile.ts";
import { imageWarning } from "./image/image_warning.ts";
import { NOTICE } from "./notice.ts";
import { serve } from "./openapi/serve.ts";
import { preprocessSettings } from "./preprocess_settings.ts";
import { problemOf } from "./problem.ts";
import { readImage } from "./read_image.ts";
import { sha256Hex } from "./sha256_hex.ts";
import type { SentFile, UploadedImage } from "./upload_store.ts";

/** `POST /v1/images`, `GET` and `DELETE /v1/images/:id`; `GET /v1/images/:id/tiles/:tile`, what the model is shown. */
export function imagesRoute(dependencies: Dependencies): OpenAPIHono<GatewayEnv> {
  const { images, maxImageBytes, claims, receipts } = dependencies;
  const keys = new IdempotencyKeys({ claims, kind: "images", result: z.string() });
  const route = new OpenAPIHono<GatewayEnv>();

  serve(route, uploadOperation, async ({ query, headers }, context) => {
    const caller = callerOf(context);
    const { from } = query;
    const choice = imageChoice(query);
    const bytes = await readImage(context.req.raw, { from, maxImageBytes });
    const file =
      from === undefined
        ? { bytes, choice, digest: await sha256Hex(bytes) }
        : { ...(await images.fileOf(from, caller.tenantScope, "from")), choice };
    const { signal } = context.req.raw;
    const take = (callers: AbortSignal): Promise<KeptImage> =>
      takeImage(file, context, dependencies, callers);
    const key = headers["Idempotency-Key"];
    if (key === undefined) return context.json(describe(await take(signal)), 201);
    // The id alone is remembered, so that nothing else of an image outlives it.
    const run = async (callers: AbortSignal): Promise<string> => (await take(callers)).upload.id;
    const holds = (id: string): Promise<boolean> => isKept(id, context, dependencies);
    const keyed = await keyedRequest(key, caller, { choice, digest: file.digest });
    const id = await keys.once(keyed, { run, holds }, signal);
    return context.json(describe(await keptImage(id, context, dependencies)), 201);
  });

  serve(route, describeImageOperation, async ({ params }, context) => {
    return context.json(describe(await keptImage(params.id, context, dependencies)), 200);
  });

  serve(route, tileOperation, async ({ params }, context) => {
    const { image } = await keptImage(params.id, context, dependencies);
    const png = await encodeTile(image, Number(params.tile));
    return context.body(png, 200, { "content-type": "image/png", "cache-control": "no-store" });
  });

  serve(route, deleteImageOperation, async ({ params: { id } }, context) => {
    const { tenant } = callerOf(context);
    const emptied = await images.delete(id, await imageContextOf(context, dependencies));
    const { receipt, deletedAt } = await receipts.issue({ image: id, tenant, emptied });
    const deleted_at = deletedAt.toISOString();
    return context.json({ id, deleted_at, receipt, notice: NOTICE }, 200);
  });
  return route;
}

type KeptImage = { readonly upload: UploadedImage; readonly image: PreparedImage };

/** An image that was sent, at whichever gateway. */
async function keptImage(
  id: string,
  context: Context<GatewayEnv>,
  dependencies: Dependencies,
): Promise<KeptImage> {
  const { images } = dependencies;
  const upload = await images.find(id, callerOf(context).tenantScope);
  const imageContext = await imageContextOf(context, dependencies);
  return { upload, image: await images.preprocess(upload, imageContext, context.req.raw.signal) };
}

/** Whether an image can still be asked about. */
async function isKept(...image: Parameters<typeof keptImage>): Promise<boolean> {
  try {
    await keptImage(...image);
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.code === "unknown_image") return false;
    throw error;
  }
}

/** Prepares and keeps an image, and has it encoded. */
async function takeImage(
  file: SentFile,
  context: Context<GatewayEnv>,
  dependencies: Dependencies,
  signal: AbortSignal,
): Promise<KeptImage> {
  const { images, log, grantedImages } = dependencies;
  const { grant } = callerOf(context);
  if (grant !== undefined) await grantedImages.take(grant, file.digest);
  const imageContext = await imageContextOf(context, dependencies, signal);
  const { upload, image } = await images.upload(file, imageContext, signal);
  // Not awaited: by the time that a question comes, the embedding is there. A question that needs it tries again.
  const source = { type: "id", id: upload.id, field: "id" } as const;
  images.encodeAhead(source, imageContext, images.signal).catch((error: unknown) => {
    const { requestId } = imageContext;
    log.warn({ requestId, code: problemOf(error, requestId).code }, "early-encode-error");
  });
  context.set("numbers", { imageBytes: file.bytes.length, tiles: image.tiles });
  return { upload, image };
}

async function imageContextOf(
  context: Context<GatewayEnv>,
  { model }: Dependencies,
  signal = context.req.raw.signal,
): Promise<ImageContext> {
  const requestId = context.get("requestId");
  const description = await model.get(signal, requestId);
  return {
    tenantScope: callerOf(context).tenantScope,
    requestId,
    settings: preprocessSettings(description),
  };
}

function describe({ upload, image }: KeptImage): ImageBody {
  const { id, expiresAt } = upload;
  const { width, height, tiles, imageSize, gridWidth, gridHeight, description } = image;
  const { format, frame, window, valueRange } = description;
  const { modality, bodyPart, laterality, spacingMm } = description;
  return {
    id,
    format,
    width,
    height,
    tiles,
    tile_size: imageSize,
    grid_width: gridWidth,
    grid_height: gridHeight,
    frame,
    ...(window !== undefined && { window }),
    ...(valueRange !== undefined && { value_range: valueRange }),
    ...(modality !== undefined && { modality }),
    ...(bodyPart !== undefined && { body_part: bodyPart }),
    ...(laterality !== undefined && { laterality }),
    ...(spacingMm !== undefined && { spacing_mm: spacingMm }),
    expires_at: expiresAt.toISOString(),
    warnings: description.warnings.map(imageWarning),
  };
}
