import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ByteBpe } from "./byte_bpe.ts";
import type { CheckpointSize } from "./sizes.ts";
import { addedTokens, tokenizerJson } from "./tokenizer_json.ts";

/** Writes what a checkpoint directory has beside its weights: `config.json` and the tokenizer's two files. */
export async function writeConfiguration(
  directory: string,
  size: CheckpointSize,
  bpe: ByteBpe,
): Promise<void> {
  const baseVocab = baseVocabulary(size, bpe);
  await writeJson(join(directory, "config.json"), configJson(size, baseVocab));
  await writeJson(join(directory, "tokenizer.json"), tokenizerJson(bpe, baseVocab, size.compact));
  await writeJson(join(directory, "tokenizer_config.json"), {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: "<|startoftext|>",
    eos_token: "<|endoftext|>",
    pad_token: "<|endoftext|>",
    clean_up_tokenization_spaces: false,
  });
}

/** Ids before the control tokens: a small vocabulary is as large as what was learnt, the published one is filled up. */
export function baseVocabulary(size: CheckpointSize, bpe: ByteBpe): number {
  return size.compact ? Object.keys(bpe.vocab).length : size.base_vocab;
}

/** The `config.json` of a size, under the published keys. @param baseVocab Ids before the control tokens. */
export function configJson(
  size: CheckpointSize,
  baseVocab: number,
): Readonly<Record<string, unknown>> {
  const { base_vocab: _most, compact, vocab_size: vocabSize, ...rest } = size;
  return {
    architectures: ["LlavaLLaDAModelLM"],
    model_type: "llava_llada",
    vocab_size: vocabSize ?? baseVocab + addedTokens(compact),
    num_key_value_heads: size.num_attention_heads,
    hidden_act: "silu",
    rms_norm_eps: 1e-5,
    rope_theta: 500000,
    rope_scaling: null,
    attention_bias: false,
    tie_word_embeddings: false,
    torch_dtype: "bfloat16",
    mm_vision_tower: "google/siglip2-so400m-patch14-384",
    mm_projector_type: "mlp2x_gelu",
    mm_patch_merge_type: "flat",
    image_aspect_ratio: "square",
    image_grid_pinpoints: null,
    mm_use_im_start_end: false,
    mm_use_im_patch_token: false,
    ...rest,
  };
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value)}\n`);
}
