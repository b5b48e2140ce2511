import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";

/** Ids of the control tokens that the prompt and the sampler use. */
export type SpecialTokens = {
  readonly mask: number;
  readonly eos: number;
  readonly bos: number;
  readonly startHeader: number;
  readonly endHeader: number;
  readonly eot: number;
};

export type Tokenizer = {
  /** Highest id plus one, added tokens included: the vocabulary that the sampler sees. */
  readonly size: number;
  readonly special: SpecialTokens;
  /** Text as text: what spells a control token gives ordinary tokens. */
  encodeText(text: string): number[];
  /** Control tokens are dropped; nothing is trimmed. */
  decode(ids: Iterable<number>): string;
  /** One token by itself, control tokens spelled out; for drafts. */
  tokenText(id: number): string;
};

/**
 * Loads `tokenizer.json` (and `tokenizer_config.json` where there is one).
 *
 * @throws {RangeError} If a file cannot be read or a control token is missing, naming it.
 */
export async function loadTokenizer(directory: string): Promise<Tokenizer> {
  const json = await readJson(join(directory, "tokenizer.json"));
  if (json === undefined) {
    throw new RangeError(`Cannot load a tokenizer as "${directory}" must have tokenizer.json`);
  }
  const config = (await readJson(join(directory, "tokenizer_config.json"))) ?? {};
  const full = new HuggingFaceTokenizer(json, config);
  // Without added tokens nothing in a text can become one: the split on their spelling is what makes them control tokens.
  const plain = new HuggingFaceTokenizer({ ...json, added_tokens: [] }, config);
  const added = full.get_added_tokens_decoder();
  let size = added.size;
  for (const id of full.get_vocab(true).values()) size = Math.max(size, id + 1);

  const id = (content: string): number => {
    const found = full.token_to_id(content);
    if (found === undefined) {
      throw new RangeError(
        `Cannot load the tokenizer of "${directory}" as it must have the control token ${content}`,
      );
    }
    return found;
  };
  return {
    size,
    special: {
      mask: id("<|mdm_mask|>"),
      eos: id("<|endoftext|>"),
      bos: id("<|startoftext|>"),
      startHeader: id("<|start_header_id|>"),
      endHeader: id("<|end_header_id|>"),
      eot: id("<|eot_id|>"),
    },
    encodeText: (text) => plain.encode(text, { add_special_tokens: false }).ids,
    decode: (ids) => {
      const kept = [...ids].filter((each) => added.get(each)?.special !== true);
      return decodeIds(full, kept);
    },
    tokenText: (each) => decodeIds(full, [each]),
  };
}

function decodeIds(tokenizer: HuggingFaceTokenizer, ids: number[]): string {
  if (ids.length === 0) return "";
  return tokenizer.decode(ids, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
}

async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    return Object.fromEntries(Object.entries(json ?? {}));
  } catch (error) {
    throw new RangeError(`Cannot read "${path}" as it must be JSON`, { cause: error });
  }
}
