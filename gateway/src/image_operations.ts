import { z } from "zod";
import { LATERALITIES, WINDOW_FUNCTIONS } from "./image/dicom/terms.ts";
import { FORMATS } from "./image/image_format.ts";
import { WARNING_CODES } from "./image/image_warning.ts";
import { idempotencyHeaders } from "./idempotency/keyed_request.ts";
import { imageQuery } from "./image_query.ts";
import { noticeSchema } from "./notice.ts";
import type { Operation } from "./openapi/operation.ts";

const place = z.object({ number: z.int(), of: z.int() });

/** What is known of an image that was sent. */
const imageSchema = z
  .object({
    id: z.string().meta({ description: "For `medv-image:<id>` URLs in messages." }),
    format: z.enum(FORMATS),
    width: z.int(),
    height: z.int(),
    tiles: z
      .int()
      .meta({ description: "Tile 0 is the whole image; the grid's follow, row by row." }),
    tile_size: z.int().meta({ description: "Side of a tile in pixels." }),
    grid_width: z.int(),
    grid_height: z.int(),
    frame: place.meta({ description: "Which of the file's frames is looked at, from 1." }),
    window: place
      .extend({
        function: z.enum(WINDOW_FUNCTIONS),
        center: z.number().optional(),
        width: z.number().optional(),
      })
      .optional()
      .meta({
        description: "How the values of a grey DICOM file are shown; 0 is the caller's own.",
      }),
    value_range: z.tuple([z.number(), z.number()]).readonly().optional().meta({
      description:
        "Smallest and largest value of a grey file of DICOM or of 16 bits: between them a window is of use.",
    }),
    modality: z.string().optional(),
    body_part: z.string().optional(),
    laterality: z.enum(LATERALITIES).optional(),
    spacing_mm: z.tuple([z.number(), z.number()]).readonly().optional().meta({
      description: "Between rows and between columns.",
    }),
    expires_at: z.iso.datetime(),
    warnings: z.array(z.object({ code: z.enum(WARNING_CODES), message: z.string() })),
  })
  .meta({ id: "Image" });

/** What is known of an image that was sent, as it stands on the wire. */
export type ImageBody = z.output<typeof imageSchema>;

/** That nothing is left of an image. */
const deletionSchema = z
  .object({
    id: z.string(),
    deleted_at: z.iso.datetime(),
    receipt: z.string().meta({
      description:
        "Compact JWS by a key that the gateways alone have: image, tenant, time, and which places and how many replicas let go. `npm run receipt -- TOKEN` checks it with their MEDV_SECRET.",
    }),
    notice: noticeSchema,
  })
  .meta({ id: "ImageDeletion" });

const params = z.object({ id: z.string() });
const image = { "application/json": { schema: imageSchema } };
const file = { schema: { type: "string", contentMediaType: "application/octet-stream" } } as const;

/** What may go wrong with the file itself. */
const FILE_ERRORS = ["unsupported_image", "damaged_image", "undecodable_image"] as const;

/** `POST /v1/images`. */
export const uploadOperation = {
  method: "post",
  path: "/",
  operationId: "uploadImage",
  tag: "Images",
  summary: "Takes an image",
  description:
    "JPEG, PNG, WebP, GIF, TIFF, AVIF, HEIC or DICOM, as the body itself or as the field `file` of a form; or, with `from`, one that was sent before. Its encoding starts at once.",
  request: {
    query: imageQuery,
    headers: idempotencyHeaders,
    body: {
      required: false,
      content: {
        "application/octet-stream": file,
        "multipart/form-data": {
          schema: {
            type: "object",
            properties: { file: file.schema },
            required: ["file"],
            additionalProperties: false,
          },
        },
      },
    },
  },
  responses: { 201: { description: "The image is kept for a while.", content: image } },
  access: "caller",
  errors: [
    ...FILE_ERRORS,
    "unknown_image",
    "forbidden",
    "body_too_large",
    "image_too_large",
    "idempotency_key_reused",
    "overloaded",
  ],
  errorStyle: "native",
} as const satisfies Operation;

/** `GET /v1/images/:id`. */
export const describeImageOperation = {
  method: "get",
  path: "/:id",
  operationId: "describeImage",
  tag: "Images",
  summary: "What is known of an image",
  request: { params },
  responses: { 200: { description: "What is known of it.", content: image } },
  access: "caller",
  errors: ["unknown_image"],
  errorStyle: "native",
} as const satisfies Operation;

/** `GET /v1/images/:id/tiles/:tile`. */
export const tileOperation = {
  method: "get",
  path: "/:id/tiles/:tile{[0-9]+}",
  operationId: "showTile",
  tag: "Images",
  summary: "What the model is shown",
  request: { params: z.object({ id: z.string(), tile: z.string().meta({ type: "integer" }) }) },
  responses: {
    200: { description: "The tile.", content: { "image/png": file } },
  },
  access: "caller",
  errors: ["unknown_image", "not_found"],
  errorStyle: "native",
} as const satisfies Operation;

/** `DELETE /v1/images/:id`. */
export const deleteImageOperation = {
  method: "delete",
  path: "/:id",
  operationId: "deleteImage",
  tag: "Images",
  summary: "Forgets an image and all that came from it, in every place",
  request: { params },
  responses: {
    200: {
      description: "Nothing of it is left.",
      content: { "application/json": { schema: deletionSchema } },
    },
  },
  access: "caller",
  errors: ["unknown_image"],
  errorStyle: "native",
} as const satisfies Operation;
