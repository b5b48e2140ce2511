/** Text that will not change any more, released as the answer's front closes. */
export type CommittedText = {
  /** What became final since the last call. */
  readonly delta: string;
  /** A stop string was met: nothing follows. */
  readonly stopped: boolean;
};

/**
 * Turns a growing run of committed token ids into final text.
 *
 * The end is held back while more tokens could change it: an unfinished character, white space that the final trim would
 * drop, or the beginning of a stop string. The pieces joined are the published decoding: special tokens dropped, trimmed.
 */
export class CommittedTextStream {
  readonly #decode: (ids: Int32Array) => string;
  readonly #stops: readonly string[];
  #released = 0;
  #tokens = 0;
  #stopped = false;

  constructor(decode: (ids: Int32Array) => string, stops: readonly string[]) {
    this.#decode = decode;
    this.#stops = stops.filter((stop) => stop.length > 0);
  }

  /**
   * @param ids Committed ids from the start of the answer without a gap.
   * @param last Nothing follows these ids.
   */
  push(ids: Int32Array, last: boolean): CommittedText {
    if (this.#stopped) return { delta: "", stopped: true };
    const text = this.#decode(ids).trimStart();
    const stop = firstStop(text, this.#stops);
    let end = text.length;
    if (stop !== undefined) {
      end = text.slice(0, stop).trimEnd().length;
      this.#stopped = true;
    } else if (last) {
      end = text.trimEnd().length;
    } else {
      end = text.replace(/\uFFFD+$/, "").length;
      end = Math.min(end, text.length - partialStop(text, this.#stops));
      end = text.slice(0, end).trimEnd().length;
    }
    const delta = text.slice(this.#released, Math.max(end, this.#released));
    this.#released = Math.max(end, this.#released);
    return { delta, stopped: this.#stopped };
  }

  /**
   * How many tokens, from the start of the answer, begin in the text released so far.
   *
   * @param ids As they were pushed last.
   */
  releasedTokens(ids: Int32Array): number {
    while (this.#tokens < ids.length && this.#startOf(this.#tokens, ids) < this.#released) {
      this.#tokens++;
    }
    return this.#tokens;
  }

  /** Where a token begins in the text; one that goes on with a character begins where that does. */
  #startOf(token: number, ids: Int32Array): number {
    const before = this.#decode(ids.subarray(0, token)).trimStart();
    return before.replace(/\uFFFD+$/, "").length;
  }
}

function firstStop(text: string, stops: readonly string[]): number | undefined {
  const places = stops.map((stop) => text.indexOf(stop)).filter((place) => place >= 0);
  return places.length === 0 ? undefined : Math.min(...places);
}

/** Length of the longest end of the text that begins a stop string. */
function partialStop(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) longest = length;
    }
  }
  return longest;
}
