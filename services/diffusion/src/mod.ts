/**
 * The diffusion service: conversations and embeddings in, diffused answers out.
 *
 * @module
 */
export { denoise, type RunEnd, type RunRow } from "./denoise.ts";
export type { DenoiseSettings } from "./denoise_settings.ts";
