import type { CacheName } from "@medv/runtime/remote_cache/cache_connection";
import { z } from "zod";
import { LATERALITIES, WINDOW_FUNCTIONS } from "./image/dicom/terms.ts";
import { FORMATS } from "./image/image_format.ts";
import type { PreparedImage } from "./image/image_preprocessor.ts";
import { WARNING_CODES } from "./image/image_warning.ts";
import { fromBytes, toBytes } from "./json_bytes.ts";

const HEAD_LENGTH_BYTES = 4;

const pair = z.tuple([z.number(), z.number()]).readonly();

const headSchema = z.object({
  tiles: z.int(),
  imageSize: z.int(),
  width: z.int(),
  height: z.int(),
  gridWidth: z.int(),
  gridHeight: z.int(),
  preprocessingVersion: z.string(),
  description: z.object({
    format: z.enum(FORMATS),
    frame: z.object({ number: z.int(), of: z.int() }),
    window: z
      .object({
        number: z.int(),
        of: z.int(),
        function: z.enum(WINDOW_FUNCTIONS),
        center: z.number().exactOptional(),
        width: z.number().exactOptional(),
      })
      .exactOptional(),
    valueRange: pair.exactOptional(),
    modality: z.string().exactOptional(),
    bodyPart: z.string().exactOptional(),
    laterality: z.enum(LATERALITIES).exactOptional(),
    spacingMm: pair.exactOptional(),
    warnings: z.array(z.enum(WARNING_CODES)).readonly(),
  }),
});

/** Where gateways share the pixels of an upload; not of its content, so that what is deleted is nobody else's. */
export function imageName(tenantScope: string, id: string, imageKey: string): CacheName {
  return { tenantScope, key: `image/${id}/${imageKey}` };
}

/** Length of the head in 4 bytes, everything but the pixels as JSON, the pixels. */
export function encodeImage({ pixels, ...rest }: PreparedImage): Uint8Array {
  const head = toBytes(rest);
  const length = Buffer.alloc(HEAD_LENGTH_BYTES);
  length.writeUInt32LE(head.length);
  return Buffer.concat([length, head, pixels]);
}

/** The inverse of {@link encodeImage}; undefined where the bytes hold no image, as those of another version may. */
export function decodeImage(packed: Uint8Array): PreparedImage | undefined {
  if (packed.length < HEAD_LENGTH_BYTES) return undefined;
  const length = new DataView(packed.buffer, packed.byteOffset).getUint32(0, true);
  const end = HEAD_LENGTH_BYTES + length;
  const head = fromBytes(headSchema, packed.subarray(HEAD_LENGTH_BYTES, end));
  return head && { ...head, pixels: new Uint8Array(packed.subarray(end)) };
}
