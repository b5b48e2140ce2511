import type { PreparedImage } from "./image/image_preprocessor.ts";

/** Where gateways share the pixels of an upload; not of its content, so that what is deleted is nobody else's. */
export function imageName(tenantScope: string, id: string, imageKey: string) {
  return { tenantScope, key: `image/${id}/${imageKey}` };
}

/** Length of the head in 4 bytes, everything but the pixels as JSON, the pixels. */
export function encodeImage({ pixels, ...rest }: PreparedImage): Uint8Array {
  const head = Buffer.from(JSON.stringify(rest));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return Buffer.concat([length, head, pixels]);
}

/** The inverse of {@link encodeImage}. */
export function decodeImage(packed: Uint8Array): PreparedImage {
  const length = new DataView(packed.buffer, packed.byteOffset).getUint32(0, true);
  const head = new TextDecoder().decode(packed.subarray(4, 4 + length));
  // Behind the seal of a gateway, which wrote just this.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const rest = JSON.parse(head) as Omit<PreparedImage, "pixels">;
  return { ...rest, pixels: new Uint8Array(packed.subarray(4 + length)) };
}
