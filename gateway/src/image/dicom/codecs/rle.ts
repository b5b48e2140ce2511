/**
 * Decodes a frame of DICOM's run-length encoding: for each sample, high byte first, one segment of packed bits.
 *
 * @param frame Header of 64 bytes and the segments.
 * @param pixels Of the frame.
 * @param sampleBytes Samples of a pixel times bytes of a sample.
 * @param bytesPerSample 1 or 2.
 * @returns Little-endian samples, `[pixels, samples]`, or nothing where the segments do not give exactly that.
 * @see DICOM PS3.5 Annex G
 */
export function decodeRle(
  frame: Uint8Array,
  {
    pixels,
    samples,
    bytesPerSample,
  }: { readonly pixels: number; readonly samples: number; readonly bytesPerSample: number },
): Uint8Array | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const segments = samples * bytesPerSample;
  if (frame.length < HEADER_BYTES || view.getUint32(0, true) !== segments) return undefined;
  const out = new Uint8Array(pixels * segments);
  for (let segment = 0; segment < segments; segment++) {
    const start = view.getUint32(4 + 4 * segment, true);
    const end = segment + 1 < segments ? view.getUint32(8 + 4 * segment, true) : frame.length;
    if (start < HEADER_BYTES || start > end || end > frame.length) return undefined;
    // The segment of the high byte comes first, which stands second in memory.
    const sample = Math.floor(segment / bytesPerSample);
    const byte = bytesPerSample - 1 - (segment % bytesPerSample);
    const plane = { out, first: sample * bytesPerSample + byte, stride: segments, count: pixels };
    if (!unpack(frame.subarray(start, end), plane)) return undefined;
  }
  return out;
}

const HEADER_BYTES = 64;

type Plane = {
  readonly out: Uint8Array;
  readonly first: number;
  readonly stride: number;
  readonly count: number;
};

/** Unpacks the segment into every `stride`-th byte; false where it has fewer than `count`. */
function unpack(segment: Uint8Array, { out, first, stride, count }: Plane): boolean {
  let at = 0;
  let written = 0;
  while (written < count && at < segment.length) {
    const control = segment[at++] ?? 0;
    // -128 is a pad.
    if (control === 128) continue;
    const isRun = control > 128;
    const length = Math.min(isRun ? 257 - control : control + 1, count - written);
    if (at + (isRun ? 1 : length) > segment.length) return false;
    for (let index = 0; index < length; index++) {
      out[first + written++ * stride] = segment[isRun ? at : at + index] ?? 0;
    }
    at += isRun ? 1 : length;
  }
  return written === count;
}
