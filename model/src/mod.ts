/**
 * The network: graphs written from a checkpoint directory, and everything about weights and prompts.
 *
 * @module
 */
export { blockDecoderModel } from "./block_decoder.ts";
export { openCheckpoint, type Checkpoint } from "./checkpoint.ts";
export { loadTokenizer, type Tokenizer } from "./tokenizer.ts";
export { visionTowerModel } from "./vision_tower.ts";
