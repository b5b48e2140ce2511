/** One message of a conversation. */
export type Message = { readonly role: "user" | "assistant"; readonly text: string };

/** How to decode; what is not given is the system's default. */
export type AnswerSettings = {
  readonly profile: string;
  readonly genLength?: number | undefined;
  readonly steps?: number | undefined;
  readonly blockLength?: number | undefined;
};

/** A question and what was said before it. */
export type AnswerRequest = AnswerSettings & {
  /** Path of the image, which belongs to the first message. */
  readonly image?: string | undefined;
  /** The last one is the user's. */
  readonly turns: readonly Message[];
};

export type Answer = {
  readonly text: string;
  readonly usage: {
    readonly forwardPasses: number;
    readonly completionTokens: number;
    /** What the answer took by itself, without waiting for others. */
    readonly elapsedMs: number;
  };
  /** `length`: the answer had no end within its length. */
  readonly finishReason: "stop" | "length";
};

/** Answers one question. */
export type Answerer = (request: AnswerRequest, signal: AbortSignal) => Promise<Answer>;

/** Something that answers, by the name that tables give it. */
export type System = {
  readonly name: string;
  /** Which weights answer: predictions of others are not mixed with theirs. */
  readonly identity: string;
  readonly answer: Answerer;
};
