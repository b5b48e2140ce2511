import type { z } from "zod";

/** A value as it lies in the shared cache, in JSON. */
export function toBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** The inverse of {@link toBytes}; undefined where the bytes hold no such value, as those of another version may. */
export function fromBytes<T extends z.ZodType>(
  schema: T,
  bytes: Uint8Array,
): z.output<T> | undefined {
  try {
    return schema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined; // It is no JSON at all.
  }
}
