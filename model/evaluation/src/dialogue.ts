/** A question to ask. */
export type Turn = {
  readonly id: string;
  readonly question: string;
  /** Exact length of the answer, where the question is about length; the run's setting otherwise. */
  readonly genLength?: number;
};

/** Questions about one image that follow each other; the answers to the earlier ones are part of the later ones. */
export type Dialogue = { readonly image: string; readonly turns: readonly Turn[] };
