import { SPLIT_PATTERN, type ByteBpe } from "./byte_bpe.ts";

/** Where LLaDA's control tokens stand after the base vocabulary: 269 added tokens in all. */
const NAMED: Readonly<Record<number, string>> = {
  0: "<|startoftext|>",
  1: "<|endoftext|>",
  2: "[CLS]",
  3: "[gMASK]",
  256: "<|mdm_mask|>",
  260: "<role>",
  261: "</role>",
  262: "<|arithmetic_start|>",
  263: "<|arithmetic_end|>",
  264: "<|number_start|>",
  265: "<|number_end|>",
  266: "<|start_header_id|>",
  267: "<|end_header_id|>",
  268: "<|eot_id|>",
};
const ADDED = 269;

/**
 * A `tokenizer.json` in the published form.
 *
 * @param baseSize Ids before the control tokens; what the merges do not fill gets names that no text reaches.
 * @param compact Only the named control tokens, for small vocabularies.
 */
export function tokenizerJson(bpe: ByteBpe, baseSize: number, compact: boolean): object {
  const vocab = { ...bpe.vocab };
  for (let id = Object.keys(vocab).length; id < baseSize; id++) vocab[`<|unused_${id}|>`] = id;
  const contents = Array.from(
    { length: ADDED },
    (_, index) => NAMED[index] ?? `<|reserved_token_${index}|>`,
  );
  const kept = compact ? contents.filter((content) => !content.startsWith("<|reserved")) : contents;
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: kept.map((content, index) => ({
      id: baseSize + index,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: SPLIT_PATTERN }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges: bpe.merges,
    },
  };
}

/** How many control tokens {@link tokenizerJson} adds. */
export function addedTokens(compact: boolean): number {
  return compact ? Object.keys(NAMED).length : ADDED;
}
