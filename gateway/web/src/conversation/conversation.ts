import type { AnswerEvent } from "../../../src/answer_event.ts";
import type { Problem } from "../api/problem.ts";
import type { ImageView, Upload } from "../api/upload.ts";
import type { Canvas, Frame } from "../fog/canvas.ts";

/** An image of a conversation; its file stays in the browser. */
export type ChatImage = ImageView & {
  readonly key: string;
  readonly name: string;
  readonly file: Blob;
  /** What the gateway made of it, once it has it. */
  readonly upload?: Upload;
  readonly problem?: Problem | undefined;
};

/** How an answer is to be decoded, and how it comes to its length: by its template, its words or its tokens. */
export type AnswerSettings = {
  readonly profile: string;
  /** In tokens. */
  readonly genLength: number;
  readonly words?: number | undefined;
  readonly template?: string | undefined;
};

export type AnswerStart = Extract<AnswerEvent, { type: "answer-start" }>;
export type AnswerEnd = Extract<AnswerEvent, { type: "answer-end" }>;

/** One answer to a question, with the way that it came about. */
export type Answer = {
  readonly key: string;
  readonly settings: AnswerSettings;
  readonly status: "running" | "done" | "stopped" | "failed";
  /** Its id at the gateway, by which it is stopped or taken up again. */
  readonly answerId?: string;
  /** Committed text. */
  readonly text: string;
  readonly start?: AnswerStart;
  readonly frames: readonly Frame[];
  readonly canvas?: Canvas;
  readonly end?: AnswerEnd;
  readonly problem?: Problem;
  /** When it was asked for, in milliseconds since 1970. */
  readonly askedAt: number;
  /** From the question to the first committed text and to the end, in milliseconds. */
  readonly firstTextMs?: number;
  readonly totalMs?: number;
  /** There is no connection at present. */
  readonly isCut?: boolean;
  /** It was read by a page that had not asked for it, so that nothing is known of its times. */
  readonly isTakenUp?: boolean;
};

/** A question and its answers: one, or several with different settings. The conversation goes on with the first. */
export type Turn = {
  readonly key: string;
  readonly question: string;
  readonly images: readonly ChatImage[];
  readonly answers: readonly Answer[];
};

export type Conversation = {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
  readonly turns: readonly Turn[];
};

/** What is written but not asked yet. */
export type Draft = { readonly question: string; readonly images: readonly ChatImage[] };

export function newConversation(): Conversation {
  return { key: crypto.randomUUID(), changedAt: Date.now(), turns: [] };
}

export function newAnswer(settings: AnswerSettings): Answer {
  const key = crypto.randomUUID();
  return { key, settings, status: "running", text: "", frames: [], askedAt: Date.now() };
}

export function hasRunning({ answers }: Turn): boolean {
  return answers.some(({ status }) => status === "running");
}

/** `conversation` with one of its answers changed; as it is if the answer is not there any more. */
export function withAnswer(
  conversation: Conversation,
  key: string,
  change: (answer: Answer) => Answer,
): Conversation {
  const turns = conversation.turns.map((turn) => {
    if (!turn.answers.some((answer) => answer.key === key)) return turn;
    const answers = turn.answers.map((answer) => (answer.key === key ? change(answer) : answer));
    return { ...turn, answers };
  });
  return { ...conversation, turns };
}

/** `conversation` with one of its turns changed. */
export function withTurn(
  conversation: Conversation,
  key: string,
  change: (turn: Turn) => Turn,
): Conversation {
  const turns = conversation.turns.map((turn) => (turn.key === key ? change(turn) : turn));
  return { ...conversation, changedAt: Date.now(), turns };
}
