// The package brings no types.

declare module "libheif-js/wasm-bundle.js" {
  type HeifImage = {
    get_width(): number;
    get_height(): number;
    is_primary(): boolean;
    /** Fills `canvas` with RGBA and gives it to `done`, or null where it cannot. */
    display<Canvas extends { data: Uint8ClampedArray; width: number; height: number }>(
      canvas: Canvas,
      done: (canvas: Canvas | null) => void,
    ): void;
    free(): void;
  };
  const libheif: { readonly HeifDecoder: new () => { decode(bytes: Uint8Array): HeifImage[] } };
  // oxlint-disable-next-line import/no-default-export -- CommonJS
  export default libheif;
}
