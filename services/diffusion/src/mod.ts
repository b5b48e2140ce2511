/**
 * The diffusion service: conversations and embeddings in, diffused answers out.
 *
 * @module
 */
export { denoise, type RunDecoder, type RunEnd } from "./denoise.ts";
export type { DenoiseSettings } from "./denoise_settings.ts";
