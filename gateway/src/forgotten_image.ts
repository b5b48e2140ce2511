import { z } from "zod";
import { fromBytes, toBytes } from "./json_bytes.ts";

/** Where gateways tell each other of images that were deleted. */
export const DELETED_IMAGES = { tenantScope: "", key: "deleted-images" } as const;

const schema = z
  .object({
    id: z.string(),
    tenantScope: z.string(),
    /** Of its pixels, each way in which they are made. */
    keys: z.array(z.string()).readonly(),
    requestId: z.string(),
  })
  .readonly();

/** What they tell each other of one. */
export type ForgottenImage = z.output<typeof schema>;

/** An image that was deleted, as a notice. */
export function encodeForgotten(image: ForgottenImage): Uint8Array {
  return toBytes(image);
}

/** The inverse of {@link encodeForgotten}; undefined where the notice cannot be read. */
export function decodeForgotten(bytes: Uint8Array): ForgottenImage | undefined {
  return fromBytes(schema, bytes);
}
