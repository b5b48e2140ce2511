import type { Tokenizer } from "@medv/model/tokenizer";
import type { CommittedTextStream } from "./committed_text.ts";
import type { RunEnd } from "./denoise.ts";

/** Stands for the logarithm of a probability that float32 cannot hold, as it does in OpenAI's API. */
const LEAST = -9999;

/** The tokens behind the text that a {@link CommittedTextStream} releases, each with its log-confidence at commit. */
export class CommittedLogprobs {
  readonly #text: CommittedTextStream;
  readonly #tokenizer: Pick<Tokenizer, "tokenText">;
  #told = 0;

  constructor(text: CommittedTextStream, tokenizer: Pick<Tokenizer, "tokenText">) {
    this.#text = text;
    this.#tokenizer = tokenizer;
  }

  /**
   * Those that begin in the text released since the last call.
   *
   * @param ids As they were pushed last; what stands behind the canvas was given, so its probability is 1.
   */
  next(
    ids: Int32Array,
    { commitConfidence }: Pick<RunEnd, "commitConfidence">,
  ): { readonly text: string; readonly logprob: number }[] {
    const from = this.#told;
    this.#told = this.#text.releasedTokens(ids);
    return Array.from(ids.subarray(from, this.#told), (id, index) => ({
      text: this.#tokenizer.tokenText(id),
      logprob: Math.max(LEAST, Math.log(commitConfidence[from + index] ?? 1)),
    }));
  }
}
