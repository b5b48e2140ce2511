import { open, rename } from "node:fs/promises";

/** A tensor as a file's header names it. */
export type TensorLayout = {
  readonly name: string;
  readonly dtype: "F32" | "BF16" | "I8";
  readonly shape: readonly number[];
  readonly byteLength: number;
};

export type TensorToWrite = Omit<TensorLayout, "byteLength"> & { readonly bytes: Uint8Array };

/**
 * Writes a safetensors file that appears whole or not at all.
 *
 * @param metadata Texts for the header's `__metadata__`.
 * @see {@link https://github.com/huggingface/safetensors#format | the format}
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const layout = tensors.map(({ bytes, ...tensor }) => ({ ...tensor, byteLength: bytes.length }));
  const draft = `${path}.part`;
  const file = await open(draft, "w");
  try {
    await file.appendFile(safetensorsHeader(layout, metadata));
    for (const { bytes } of tensors) await file.appendFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

/** The bytes before the data: tensors follow in the given order, without gaps. */
export function safetensorsHeader(
  tensors: readonly TensorLayout[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  for (const { name, dtype, shape, byteLength } of tensors) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + byteLength] };
    offset += byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // Padded with blanks to 8 bytes, as the format's own writer does.
  const bytes = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
  bytes.set(json, 8);
  return bytes;
}
