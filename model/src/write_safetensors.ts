import { open, rename } from "node:fs/promises";

export type TensorToWrite = {
  readonly name: string;
  readonly dtype: "F32" | "BF16";
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
};

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
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  for (const { name, dtype, shape, bytes } of tensors) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.byteLength] };
    offset += bytes.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // Padded with blanks to 8 bytes, as the format's own writer does.
  const prefix = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(prefix.length - 8), true);
  prefix.set(json, 8);
  const draft = `${path}.part`;
  const file = await open(draft, "w");
  try {
    await file.appendFile(prefix);
    for (const { bytes } of tensors) await file.appendFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
