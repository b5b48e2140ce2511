/** What the head of a codestream says of its pixels. */
export type CodestreamHead = {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Of the first component. */
  readonly bits: number;
};

/**
 * Reads the head of a JPEG, lossless JPEG, JPEG-LS, JPEG 2000 or HTJ2K codestream, so that its size is known before anything
 * is decoded.
 *
 * @returns Nothing where there is no such head, or a component of JPEG 2000 has not a sample for each pixel: DICOM has no such
 * images, and the decoder may not come to an end with them.
 * @see ITU-T T.81 B.2.2 (SOFn), T.87 C.2.2 (SOF55), T.800 A.5.1 (SIZ)
 */
export function codestreamHead(bytes: Uint8Array): CodestreamHead | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 44) return undefined;
  if (view.getUint16(0) === SOC && view.getUint16(2) === SIZ) return jpeg2000Head(view);
  return view.getUint16(0) === SOI ? jpegHead(view) : undefined;
}

/**
 * Whether the codestream ends with its end marker, but for zeros that fill it up to an even length. Decoders make up pixels
 * for what is cut off.
 */
export function hasEndMarker(bytes: Uint8Array): boolean {
  let end = bytes.length;
  while (end > 2 && bytes[end - 1] === 0) end--;
  return bytes[end - 2] === 0xff && bytes[end - 1] === 0xd9;
}

const SOC = 0xff4f;
const SIZ = 0xff51;
const SOI = 0xffd8;
/** Where SIZ tells of each component its bits, and how many pixels there are from one sample to the next, across and down. */
const COMPONENTS = 42;

function jpeg2000Head(view: DataView): CodestreamHead | undefined {
  const components = view.getUint16(40);
  const end = COMPONENTS + 3 * components;
  if (end > view.byteLength) return undefined;
  for (let at = COMPONENTS; at < end; at += 3) {
    if (view.getUint8(at + 1) !== 1 || view.getUint8(at + 2) !== 1) return undefined;
  }
  return {
    width: view.getUint32(8) - view.getUint32(16),
    height: view.getUint32(12) - view.getUint32(20),
    components,
    bits: (view.getUint8(COMPONENTS) & 0x7f) + 1,
  };
}

function jpegHead(view: DataView): CodestreamHead | undefined {
  let marker = 2;
  while (marker + 10 <= view.byteLength) {
    const code = view.getUint8(marker + 1);
    if (view.getUint8(marker) !== 0xff) return undefined;
    if (code === 0xff) {
      marker++; // a fill byte
    } else if (isFrameHeader(code)) {
      return {
        bits: view.getUint8(marker + 4),
        height: view.getUint16(marker + 5),
        width: view.getUint16(marker + 7),
        components: view.getUint8(marker + 9),
      };
    } else marker += 2 + view.getUint16(marker + 2);
  }
  return undefined;
}

/** SOF0 to SOF15 without the tables DHT, JPG and DAC that lie among them, and JPEG-LS's SOF55. */
function isFrameHeader(code: number): boolean {
  return (
    (code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc) ||
    code === 0xf7
  );
}
