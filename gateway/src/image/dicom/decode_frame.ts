import { Decoder as LosslessDecoder } from "@cornerstonejs/jpeg-lossless-decoder-js";
import { codestreamHead, hasEndMarker } from "./codecs/codestream.ts";
import { decodeRle } from "./codecs/rle.ts";
import { type DecodedCodestream, decodeWasm } from "./codecs/wasm_decoder.ts";
import { damagedDicom, unsupportedDicom } from "./damaged_dicom.ts";
import type { DicomFile } from "./data_set.ts";
import { encapsulatedFrame, nativeFrame } from "./frame_bytes.ts";
import type { Photometric, PixelModule } from "./pixel_module.ts";
import type { PixelCoding } from "./transfer_syntax.ts";
import { bitsToWords, interleaved, toWords } from "./words.ts";

/** The samples of a frame, as words of which the pixel module says which bits count. */
export type Frame = {
  /** `[rows, columns, samples]`, but for YBR_FULL_422's own order. */
  readonly words: Uint8Array | Uint16Array;
  /** What the words mean: a codec may have turned brightness and colours into RGB. */
  readonly photometric: Photometric;
};

/**
 * Decodes one frame.
 *
 * @param frame From 0.
 * @throws {DomainError} `damaged_image` or `unsupported_image`.
 */
export async function decodeFrame(
  file: DicomFile,
  module: PixelModule,
  frame: number,
): Promise<Frame> {
  const { coding } = file;
  if (coding === "native") return unpackNative(file, module, frame);
  const bytes = encapsulatedFrame(file, module, frame);
  return coding === "rle"
    ? unpackRle(bytes, module)
    : await decodeCodestream(bytes, module, coding);
}

function unpackNative(file: DicomFile, module: PixelModule, frame: number): Frame {
  const { rows, columns, samples, photometric, bitsAllocated, isPlanar } = module;
  const { bytes, firstBit } = nativeFrame(file, module, frame);
  const words =
    bitsAllocated === 1
      ? bitsToWords(bytes, firstBit, rows * columns * samples)
      : toWords(bytes, bitsAllocated);
  return { words: isPlanar && samples === 3 ? interleaved(words) : words, photometric };
}

function unpackRle(bytes: Uint8Array, module: PixelModule): Frame {
  const { rows, columns, samples, bitsAllocated } = module;
  if (bitsAllocated === 1) throw unsupportedDicom("RLE must have bytes", "it has single bits");
  const decoded = decodeRle(bytes, {
    pixels: rows * columns,
    samples,
    bytesPerSample: bitsAllocated / 8,
  });
  if (decoded === undefined) throw damagedDicom("its RLE segments do not give its pixels");
  // Segments hold whole planes: there is no place for halved colours.
  const photometric = module.photometric === "YBR_FULL_422" ? "YBR_FULL" : module.photometric;
  return { words: toWords(decoded, bitsAllocated), photometric };
}

async function decodeCodestream(
  bytes: Uint8Array,
  module: PixelModule,
  coding: Exclude<PixelCoding, "native" | "rle">,
): Promise<Frame> {
  const { rows, columns, samples, photometric } = module;
  const head = codestreamHead(bytes);
  if (head === undefined) throw damagedDicom("the head of its codestream cannot be read");
  const { width, height, components } = head;
  if (width !== columns || height !== rows || components !== samples) {
    throw damagedDicom(
      `its codestream is ${width}×${height}×${components}, and its attributes say ${columns}×${rows}×${samples}`,
    );
  }
  if (coding === "jpeg" && head.bits !== 8) {
    throw unsupportedDicom("JPEG Extended must have 8 bits a sample", `it has ${head.bits}`);
  }
  if (head.bits > 16) throw unsupportedDicom("it may have 16 bits a sample", `it has ${head.bits}`);
  if (!hasEndMarker(bytes)) throw damagedDicom("the end of its codestream is missing");
  const decoded = await decodeWith(coding, bytes, head.bits);
  const bytesPerSample = decoded.bits > 8 ? 2 : 1;
  const expected = rows * columns * samples * bytesPerSample;
  if (decoded.bytes.length !== expected) {
    throw damagedDicom(
      `its codestream gives ${decoded.bytes.length} bytes of pixels, and ${expected} are due`,
    );
  }
  const words = toWords(decoded.bytes, bytesPerSample * 8);
  return {
    words: decoded.isPlanar ? interleaved(words) : words,
    photometric: isRgbAlready(coding, photometric) ? "RGB" : photometric,
  };
}

async function decodeWith(
  coding: Exclude<PixelCoding, "native" | "rle">,
  bytes: Uint8Array,
  bitsPerSample: number,
): Promise<DecodedCodestream> {
  try {
    if (coding !== "jpeg_lossless") return await decodeWasm(coding, bytes);
    // The decoder wants a buffer of its own.
    const { buffer, byteLength } = new Uint8Array(bytes);
    const words = new LosslessDecoder().decode(buffer, 0, byteLength, bitsPerSample > 8 ? 2 : 1);
    return {
      bytes: new Uint8Array(words.buffer, words.byteOffset, words.byteLength),
      bits: bitsPerSample,
      isPlanar: false,
    };
  } catch {
    // Codecs throw numbers and texts of their own.
    throw damagedDicom("its codestream cannot be decoded to the end");
  }
}

/** JPEG's decoder gives RGB whatever it was fed, JPEG 2000's undoes the transform that the codestream names. */
function isRgbAlready(coding: PixelCoding, photometric: Photometric): boolean {
  if (coding === "jpeg") return photometric.startsWith("YBR");
  return photometric === "YBR_ICT" || photometric === "YBR_RCT";
}
