import { EventSourceParserStream } from "eventsource-parser/stream";
import type { AnswerEvent } from "../../../src/answer_event.ts";
import { ProblemError } from "./problem.ts";
import { problemFrom, request } from "./request.ts";

/** An event and the id of the answer that it belongs to. */
export type StreamedEvent = { readonly answerId: string; readonly event: AnswerEvent };

export type StreamOptions = {
  /** Told when there is no connection and it is tried again. */
  readonly onCut: () => void;
};

/** Waits before each try to go on, in milliseconds; then the last one over and over. */
const RETRY_MS = [200, 500, 1000, 2000, 4000, 8000, 15_000, 30_000];

/** Tries without an event between them, about as long as the gateway keeps an answer: ten minutes. */
const MOST_TRIES = 26;

/**
 * Asks, and reads the answer to its end. What is cut is taken up again where it was cut, and asked again under the same
 * key, which costs one answer, where nothing had come yet.
 *
 * @param key Of this question and no other.
 * @throws {ProblemError} What the gateway says, or `connection_lost`; the signal's reason.
 */
export async function* askForAnswer(
  body: object,
  key: string,
  options: StreamOptions,
  signal: AbortSignal,
): AsyncGenerator<StreamedEvent> {
  const ask = (): Promise<Response> =>
    request("/v1/answers", {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify({ ...body, on_disconnect: "continue" }),
      signal,
    });
  yield* readToEnd("", ask, options, signal);
}

/**
 * Reads an answer that was asked for before, from its start.
 *
 * @throws {ProblemError} As {@link askForAnswer}.
 */
export async function* takeUpAnswer(
  answerId: string,
  options: StreamOptions,
  signal: AbortSignal,
): AsyncGenerator<StreamedEvent> {
  const start = (): Promise<Response> => request(`/v1/answers/${answerId}`, { signal });
  yield* readToEnd(answerId, start, options, signal);
}

/** Ends the work on an answer. */
export async function stopAnswer(answerId: string): Promise<void> {
  await request(`/v1/answers/${answerId}`, { method: "DELETE" });
}

/** @param start Opens the stream from its start, for which there need be no event yet. */
async function* readToEnd(
  knownId: string,
  start: () => Promise<Response>,
  { onCut }: StreamOptions,
  signal: AbortSignal,
): AsyncGenerator<StreamedEvent> {
  let lastId = "";
  for (let tries = 0; ;) {
    try {
      const response = await (lastId === "" ? start() : takeUp(lastId, signal));
      for await (const { id, event } of framesOf(response)) {
        if (id !== undefined) lastId = id;
        tries = 0;
        yield { answerId: lastId === "" ? knownId : answerOf(lastId), event };
        if (event.type === "answer-end") return;
      }
    } catch (error) {
      signal.throwIfAborted();
      // The gateway's own word stands; anything else was the connection.
      if (error instanceof ProblemError && error.problem.code !== "no_connection") throw error;
    }
    if (tries === MOST_TRIES) throw new ProblemError({ code: "connection_lost" });
    onCut();
    const waitMs = RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)] ?? 0;
    // What comes back to life begins to count anew.
    if (await wait(waitMs, signal)) tries = 0;
  }
}

/** The stream after event `lastId`. */
function takeUp(lastId: string, signal: AbortSignal): Promise<Response> {
  return request(`/v1/answers/${answerOf(lastId)}`, {
    headers: { "last-event-id": lastId },
    signal,
  });
}

async function* framesOf(
  response: Response,
): AsyncGenerator<{ readonly id: string | undefined; readonly event: AnswerEvent }> {
  if (response.body === null) return;
  const frames = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  const reader = frames.getReader(); // not every browser can iterate a stream
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const data: unknown = JSON.parse(value.data);
      if (value.event === "error") throw new ProblemError(problemFrom(data, "error event"));
      // The gateway's own events, by its own type.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      yield { id: value.id, event: data as AnswerEvent };
    }
  } finally {
    await reader.cancel().catch(() => {}); // a cut stream cannot be cancelled any more
  }
}

function answerOf(eventId: string): string {
  return eventId.slice(0, eventId.lastIndexOf("."));
}

/**
 * Waits, but not longer than until the network is there again or the page is looked at again.
 *
 * @returns Whether one of these was the end of it.
 */
function wait(ms: number, signal: AbortSignal): Promise<boolean> {
  const ended = new AbortController();
  return new Promise<boolean>((resolve, reject) => {
    const options = { signal: ended.signal };
    const timer = setTimeout(() => resolve(false), ms);
    ended.signal.addEventListener("abort", () => clearTimeout(timer));
    addEventListener("online", () => resolve(true), options);
    document.addEventListener(
      "visibilitychange",
      () => document.visibilityState === "visible" && resolve(true),
      options,
    );
    signal.addEventListener("abort", () => reject(signal.reason), options);
  }).finally(() => ended.abort());
}
