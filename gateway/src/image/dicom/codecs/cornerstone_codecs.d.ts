// Cornerstone's WebAssembly codecs bring no types. Each module has one of the classes; all four have the same methods.

declare module "@cornerstonejs/codec-*" {
  /** An object in a WebAssembly memory; `delete()` frees it. */
  export type CodecInstance = {
    getEncodedBuffer(length: number): Uint8Array;
    getDecodedBuffer(): Uint8Array;
    decode(): void;
    getFrameInfo(): { readonly bitsPerSample: number; readonly componentCount: number };
    /** JPEG-LS only: 0 where the components follow each other. */
    getInterleaveMode?(): number;
    delete(): void;
  };

  type ClassName = "HTJ2KDecoder" | "J2KDecoder" | "JPEGDecoder" | "JpegLSDecoder";

  const factory: (options: {
    print(text: string): void;
    printErr(text: string): void;
  }) => Promise<Readonly<Record<ClassName, new () => CodecInstance>>>;
  // oxlint-disable-next-line import/no-default-export -- CommonJS
  export default factory;
}
