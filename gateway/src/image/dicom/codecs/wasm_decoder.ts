import charls, { type CodecInstance } from "@cornerstonejs/codec-charls/decodewasmjs";
import jpegTurbo from "@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs";
import openJpeg from "@cornerstonejs/codec-openjpeg/decodewasmjs";
import openJph from "@cornerstonejs/codec-openjph/wasmjs";

/** What a codec gave. */
export type DecodedCodestream = {
  /** Little-endian samples of one byte each, or two where there are more than 8 bits. */
  readonly bytes: Uint8Array;
  readonly bits: number;
  /** Whether the components stand one plane after the other. */
  readonly isPlanar: boolean;
};

export type WasmCodec = "jpeg" | "jpeg_ls" | "jpeg_2000" | "htj2k";

/**
 * Decodes one codestream.
 *
 * @throws What the codec throws, which may be a number.
 */
export async function decodeWasm(
  codec: WasmCodec,
  codestream: Uint8Array,
): Promise<DecodedCodestream> {
  const Decoder = await (loaded[codec] ??= LOADERS[codec]());
  try {
    const decoder = new Decoder();
    decoder.getEncodedBuffer(codestream.length).set(codestream);
    decoder.decode();
    const { bitsPerSample, componentCount } = decoder.getFrameInfo();
    // A copy: the codec's memory may move.
    const bytes = new Uint8Array(decoder.getDecodedBuffer());
    const isPlanar = componentCount > 1 && decoder.getInterleaveMode?.() === 0;
    decoder.delete();
    return { bytes, bits: bitsPerSample, isPlanar };
  } catch (error) {
    // A module that has trapped stays broken.
    loaded[codec] = undefined;
    throw error;
  }
}

type DecoderClass = new () => CodecInstance;

/** Modules that are running. */
const loaded: { [Codec in WasmCodec]?: Promise<DecoderClass> | undefined } = {};

// Each factory changes the object it is given, and would otherwise print into ours.
const quiet = () => ({ print() {}, printErr() {} });

const LOADERS: Readonly<Record<WasmCodec, () => Promise<DecoderClass>>> = {
  jpeg: async () => (await jpegTurbo(quiet())).JPEGDecoder,
  jpeg_ls: async () => (await charls(quiet())).JpegLSDecoder,
  jpeg_2000: async () => (await openJpeg(quiet())).J2KDecoder,
  htj2k: async () => (await openJph(quiet())).HTJ2KDecoder,
};
