import { createHash } from "node:crypto";

/** Everything that an embedding depends on, and whose it is. */
export type EmbeddingSource = {
  readonly tenantScope: string;
  readonly preprocessingVersion: string;
  readonly towerDigest: string;
  /** `[tiles, size, size, 3]` */
  readonly shape: readonly number[];
  readonly pixels: Uint8Array;
};

/** Lower-case hexadecimal SHA-256 over the source; every field with its length, so that none runs into the next. */
export function embeddingDigest(source: EmbeddingSource): string {
  const hash = createHash("sha256");
  const fields = [
    source.tenantScope,
    source.preprocessingVersion,
    source.towerDigest,
    source.shape.join(","),
    source.pixels,
  ];
  for (const field of fields) {
    const bytes = typeof field === "string" ? Buffer.from(field) : field;
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(bytes.byteLength));
    hash.update(length).update(bytes);
  }
  return hash.digest("hex");
}
