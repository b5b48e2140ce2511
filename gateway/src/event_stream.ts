import { AsyncLocalStorage } from "node:async_hooks";
import { keepAlive } from "./keep_alive.ts";
import { callerGone } from "./request_controller.ts";

/** How a stream ended, for the log. */
export type StreamEnd = (error: unknown) => void;

/** What an SSE answer does besides giving out its frames. */
export type EventStreamOptions = {
  /** Called once, with `undefined` after success. */
  readonly onEnd: StreamEnd;
  /** The frame that tells the caller of an error in mid stream. */
  readonly onError: (error: unknown) => string;
  /** After so long without a frame there is a comment. */
  readonly keepAliveMs: number;
};

/**
 * An SSE answer of `frames`. When the caller cancels it, `controller` is aborted, so that work under way stops at once
 * instead of at its next frame.
 *
 * @param frames They return the last one, so that whoever leaves with it in hand has had everything.
 */
export function eventStream(
  frames: AsyncGenerator<string, string>,
  controller: AbortController,
  { onEnd, onError, keepAliveMs }: EventStreamOptions,
): Response {
  const sent = keepAlive(frames, keepAliveMs);
  const encoder = new TextEncoder();
  // Whoever reads the body stands outside of the request, and of its trace.
  const within = AsyncLocalStorage.snapshot();
  let hasEnded = false;
  const end: StreamEnd = (error) => {
    if (!hasEnded) onEnd(error);
    hasEnded = true;
  };
  const pull = async (stream: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    try {
      const { value, done } = await sent.next();
      stream.enqueue(encoder.encode(value));
      if (done !== true) return;
      end(undefined);
    } catch (error) {
      end(error);
      if (controller.signal.aborted) return;
      stream.enqueue(encoder.encode(onError(error)));
    }
    stream.close();
  };
  const cancel = async (): Promise<void> => {
    controller.abort(callerGone());
    end(controller.signal.reason);
    // What the abort itself ends with was told above.
    await sent.return("").catch(() => {});
  };
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (stream) => within(pull, stream),
      cancel: () => within(cancel),
    },
    // Nothing is decoded ahead of a caller who does not read.
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    },
  });
}

/** Reads the first item ahead, so that an error before it can still be an ordinary HTTP answer. */
export async function withFirst<T>(items: AsyncGenerator<T>): Promise<AsyncGenerator<T>> {
  const first = await items.next();
  return (async function* replay() {
    if (first.done === true) return;
    try {
      yield first.value;
      yield* items;
    } finally {
      await items.return(undefined);
    }
  })();
}

/** One SSE frame; `event` and `id` only where the stream has them. */
export function frame(data: unknown, event?: string, id?: string): string {
  const name = event === undefined ? "" : `event: ${event}\n`;
  const head = id === undefined ? name : `${name}id: ${id}\n`;
  return `${head}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}
