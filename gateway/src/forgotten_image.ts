import { z } from "zod";

/** What gateways tell each other of an image that was deleted. */
export type ForgottenImage = {
  readonly id: string;
  readonly tenantScope: string;
  /** Of its pixels, each way in which they are made. */
  readonly keys: readonly string[];
  readonly requestId: string;
};

/** Where they tell each other. */
export const DELETED_IMAGES = { tenantScope: "", key: "deleted-images" } as const;

const schema = z.object({
  id: z.string(),
  tenantScope: z.string(),
  keys: z.array(z.string()),
  requestId: z.string(),
});

export function encodeForgotten(image: ForgottenImage): Uint8Array {
  return Buffer.from(JSON.stringify(image));
}

/** The inverse of {@link encodeForgotten}. */
export function decodeForgotten(bytes: Uint8Array): ForgottenImage {
  return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
}
