import { OpenAPIHono } from "@hono/zod-openapi";
import { DomainError } from "@medv/proto";
import type { Context } from "hono";
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
import type { ImageContext } from "./image_store.ts";
import { IdempotencyKeys } from "./idempotency/idempotency_keys.ts";
import { keyedRequest } from "./idempotency/keyed_request.ts";
import type { PreparedImage } from "./image/image_preprocessor.ts";
import { encodeTile } from "./image/encode_tile.ts";
import { imageWarning } from "./image/image_warning.ts";
import { serve } from "./openapi/serve.ts";
import { preprocessSettings } from "./preprocess_settings.ts";
import { problemOf } from "./problem.ts";
import { readBody } from "./read_body.ts";
import { sha256Hex } from "./sha256_hex.ts";
import type { SentFile, UploadedImage } from "./upload_store.ts";

/** Room for the boundaries and headers around the file. */
const MULTIPART_OVERHEAD_BYTES = 64 << 10;

/** `POST /v1/images`, `GET` and `DELETE /v1/images/:id`; `GET /v1/images/:id/tiles/:tile`, what the model is shown. */
export function imagesRoute(dependencies: Dependencies): OpenAPIHono<GatewayEnv> {
  const { images, maxImageBytes } = dependencies;
  const keys = new IdempotencyKeys<ImageBody>();
  const route = new OpenAPIHono<GatewayEnv>();

  serve(route, uploadOperation, async ({ query, headers }, context) => {
    const caller = callerOf(context);
    const { from } = query;
    const choice = imageChoice(query);
    const bytes = await readImage(context.req.raw, maxImageBytes);
    checkSource(bytes, from);
    const file =
      from === undefined
        ? { bytes, choice, digest: await sha256Hex(bytes) }
        : { ...(await images.fileOf(from, caller.tenantScope, "from")), choice };
    const { signal } = context.req.raw;
    const run = (callers: AbortSignal): Promise<ImageBody> =>
      takeImage(file, context, dependencies, callers);
    const key = headers["Idempotency-Key"];
    if (key === undefined) return context.json(await run(signal), 201);
    const asked = { choice, digest: file.digest };
    const holds = ({ id }: ImageBody): Promise<boolean> => images.has(id, caller.tenantScope);
    const keyed = await keyedRequest(key, caller, asked);
    return context.json(await keys.once(keyed, { run, holds }, signal), 201);
  });

  serve(route, describeImageOperation, async ({ params }, context) => {
    const upload = await images.find(params.id, callerOf(context).tenantScope);
    const imageContext = await imageContextOf(context, dependencies);
    const image = await images.preprocess(upload, imageContext, context.req.raw.signal);
    return context.json(describe(upload, image), 200);
  });

  serve(route, tileOperation, async ({ params }, context) => {
    const upload = await images.find(params.id, callerOf(context).tenantScope);
    const imageContext = await imageContextOf(context, dependencies);
    const image = await images.preprocess(upload, imageContext, context.req.raw.signal);
    const png = await encodeTile(image, Number(params.tile));
    return context.body(png, 200, { "content-type": "image/png", "cache-control": "no-store" });
  });

  serve(route, deleteImageOperation, async ({ params }, context) => {
    const imageContext = await imageContextOf(context, dependencies);
    await images.delete(params.id, imageContext);
    return context.body(null, 204);
  });
  return route;
}

/** Prepares and keeps an image, and has it encoded. */
async function takeImage(
  file: SentFile,
  context: Context<GatewayEnv>,
  dependencies: Dependencies,
  signal: AbortSignal,
): Promise<ImageBody> {
  const { images, log, grantedImages } = dependencies;
  const { grant } = callerOf(context);
  if (grant !== undefined) await grantedImages.take(grant, file.digest);
  const imageContext = await imageContextOf(context, dependencies, signal);
  const { upload, image } = await images.upload(file, imageContext, signal);
  // Not awaited: by the time that a question comes, the embedding is there. A question that needs it tries again.
  const source = { type: "id", id: upload.id, field: "id" } as const;
  images.encode(source, imageContext, images.signal).catch((error: unknown) => {
    const { requestId } = imageContext;
    log.warn({ requestId, code: problemOf(error, requestId).code }, "early-encode-error");
  });
  context.set("numbers", { imageBytes: file.bytes.length, tiles: image.tiles });
  return describe(upload, image);
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

function describe({ id, expiresAt }: UploadedImage, image: PreparedImage): ImageBody {
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

/** The file of a multipart body, or the body itself, which may be empty. */
async function readImage(request: Request, maxImageBytes: number): Promise<Uint8Array> {
  const type = request.headers.get("content-type") ?? "";
  return type.startsWith("multipart/form-data")
    ? await readFile(request, type, maxImageBytes)
    : await readBody(request, maxImageBytes);
}

function checkSource(sent: Uint8Array, from: string | undefined): void {
  if (from === undefined && sent.length === 0) {
    throw new DomainError(
      "invalid_request",
      "Cannot take the image as it must have bytes: it is empty",
      { field: "file" },
    );
  }
  if (from !== undefined && sent.length > 0) {
    throw new DomainError(
      "invalid_request",
      "Cannot take the image as it is either sent or named by its id: it is both",
      { field: "from" },
    );
  }
}

async function readFile(
  request: Request,
  type: string,
  maxImageBytes: number,
): Promise<Uint8Array> {
  const body = await readBody(request, maxImageBytes + MULTIPART_OVERHEAD_BYTES);
  const form = await parseForm(body, type);
  const file = form.get("file");
  if (!(file instanceof File) || [...form.keys()].length !== 1) {
    throw new DomainError(
      "invalid_request",
      'Cannot take the image as the form must have one field, "file", with the file',
      { field: "file" },
    );
  }
  if (file.size > maxImageBytes) {
    throw new DomainError(
      "image_too_large",
      `Cannot take the image as it exceeds ${maxImageBytes} bytes`,
      {
        field: "file",
      },
    );
  }
  return new Uint8Array(await file.arrayBuffer());
}

async function parseForm(body: Uint8Array, type: string): Promise<FormData> {
  try {
    return await new Response(body, {
      headers: { "content-type": type },
    }).formData();
  } catch {
    // The parser's message quotes the body.
    throw new DomainError(
      "invalid_request",
      "Cannot read the body as it must be multipart/form-data",
    );
  }
}
