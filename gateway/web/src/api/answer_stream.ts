import { EventSourceParserStream } from "eventsource-parser/stream";
import type { AnswerEvent } from "../../../src/answer_event.ts";
import { ProblemError } from "./problem.ts";
import { problemFrom, request } from "./request.ts";

/** An event and the id of the answer that it belongs to. */
export type StreamedEvent = { readonly answerId: string; readonly event: AnswerEvent };

export type StreamOptions = {
  /** Told when the connection was cut and is tried again. */
  readonly onCut: () => void;
  /** Waits before each try to take the stream up again, in milliseconds; after the last it is given up. */
  readonly retryMs?: readonly number[];
};

const RETRY_MS = [200, 500, 1000, 2000, 4000, 8000, 15_000, 30_000];

/**
 * Asks, and reads the answer to its end. A cut connection is taken up again where it was cut.
 *
 * @throws {ProblemError} What the gateway says, `no_connection` or `connection_lost`; the signal's reason.
 */
export async function* askForAnswer(
  body: object,
  options: StreamOptions,
  signal: AbortSignal,
): AsyncGenerator<StreamedEvent> {
  const response = await request("/v1/answers", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...body, on_disconnect: "continue" }),
    signal,
  });
  yield* readToEnd(response, "", options, signal);
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
  const response = await request(`/v1/answers/${answerId}`, { signal });
  yield* readToEnd(response, `${answerId}.-1`, options, signal);
}

/** Ends the work on an answer. */
export async function stopAnswer(answerId: string): Promise<void> {
  await request(`/v1/answers/${answerId}`, { method: "DELETE" });
}

async function* readToEnd(
  first: Response,
  firstId: string,
  { onCut, retryMs = RETRY_MS }: StreamOptions,
  signal: AbortSignal,
): AsyncGenerator<StreamedEvent> {
  let response: Response | undefined = first;
  let lastId = firstId;
  let hasEnded = false;
  for (let tries = 0; ;) {
    try {
      if (response !== undefined) {
        for await (const { id, event } of framesOf(response)) {
          if (id !== undefined) lastId = id;
          tries = 0;
          yield { answerId: answerOf(lastId), event };
          hasEnded ||= event.type === "answer-end";
        }
      }
    } catch (error) {
      signal.throwIfAborted();
      // The gateway's own word stands; anything else was the connection.
      if (error instanceof ProblemError) throw error;
    }
    if (hasEnded) return;
    const waitMs = retryMs[tries++];
    if (waitMs === undefined || lastId === "") throw new ProblemError({ code: "connection_lost" });
    onCut();
    await pause(waitMs, signal);
    response = await takeUp(lastId, signal);
  }
}

/** The stream after event `lastId`; undefined while the gateway cannot be reached. */
async function takeUp(lastId: string, signal: AbortSignal): Promise<Response | undefined> {
  const headers = lastId.endsWith(".-1") ? {} : { "last-event-id": lastId };
  try {
    return await request(`/v1/answers/${answerOf(lastId)}`, { headers, signal });
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === "no_connection") return undefined;
    throw error;
  }
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

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
