import { z } from "zod";
import type { Caller } from "../auth/caller.ts";
import { toBytes } from "../json_bytes.ts";
import { sha256Hex } from "../sha256_hex.ts";
import type { KeyedRequest } from "./keyed_work.ts";

/** The headers of an operation that is done once per key. */
export const idempotencyHeaders = z.object({
  "Idempotency-Key": z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, "it must be 1 to 255 visible ASCII characters")
    .optional()
    .meta({
      description:
        "The same request again under the same key is not done again: it gets the answer of the first, also while that is under way. Remembered for ten minutes.",
    }),
});

/**
 * A request under the key that its caller gave, apart per tenant and client token.
 *
 * @param asked All that makes a difference to the answer.
 */
export async function keyedRequest(
  key: string,
  { tenantScope, grant }: Caller,
  asked: unknown,
): Promise<KeyedRequest> {
  const fingerprint = await sha256Hex(toBytes(asked));
  return { owner: `${tenantScope}/${grant?.id ?? ""}`, key, fingerprint };
}
