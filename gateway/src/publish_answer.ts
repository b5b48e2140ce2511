import { setTimeout as sleep } from "node:timers/promises";
import type { CacheName } from "@medv/runtime/remote_cache/cache_connection";
import type { LogTimes, SharedLogs } from "@medv/runtime/remote_cache/shared_logs";
import { closingValue, encodeValue } from "./answer_log.ts";
import type { AnswerProgress } from "./kept_answer.ts";

/** Where an answer is written, and what is known of it. */
export type PublishOptions = {
  readonly logs: SharedLogs;
  readonly name: CacheName;
  /** Who writes it, among all who ever do. */
  readonly writer: string;
  readonly times: LogTimes;
  /** What there is from an event's number on. */
  readonly progress: (from: number) => AnswerProgress;
  /** Told how many events others can read by now; undefined while the cache cannot be asked. */
  readonly onShared: (count: number | undefined) => void;
  /** Called once the end is written. */
  readonly onClosed: () => void;
  /** Called when another gateway asks for it. */
  readonly onStop: () => void;
  /** Called when another gateway goes on with the answer; it is the last. */
  readonly onTaken: () => void;
};

/** Signs of life in the time after which a writer counts as gone. */
const BEATS = 4;
/** For so many of these times an answer can be taken from a writer that is gone. */
const TAKEOVER_HOLDS = 5;
/** What a log begins with, and again where the server lost some of it. */
const NOTHING = { count: 0, draftBytes: 0, isClosed: false };
/** How long nothing is written after the cache did not answer, or the end was written. */
const REST_MS = 1000;
/** Bound on the drafts of one answer; beyond, only what counts for its text is shared. */
const MAX_DRAFT_BYTES = 4 << 20;
/** About so much is written at once; more would hold up everybody else's small values. */
const MAX_WRITE_BYTES = 256 << 10;

/**
 * Writes an answer into its log as it comes, anew where the server lost it. Resolves when the end was written for so long
 * that whoever followed the answer has read it, or could not be for as long as the log would be kept.
 *
 * @param draining Once it is aborted, an end that is written is enough, and one that cannot be is not tried again.
 */
export async function publishAnswer(options: PublishOptions, draining: AbortSignal): Promise<void> {
  const { logs, name, writer, times, progress } = options;
  let written = NOTHING;
  let shownMs = -Infinity;
  let endedMs = Infinity;
  while (performance.now() < endedMs + times.ttlMs) {
    const now = performance.now();
    if (written.isClosed && (draining.aborted || now > endedMs + times.holdMs)) return;
    const { events, end, changed } = progress(written.count);
    if (end !== undefined) endedMs = Math.min(endedMs, now);
    const { values, draftBytes } = valuesOf(events, written.draftBytes);
    const isLast = end !== undefined && values.length === events.length;
    if (isLast && !written.isClosed) values.push(encodeValue(closingValue(end)));
    const beatMs = times.holdMs / BEATS;
    if (values.length > 0 || now - shownMs >= beatMs) {
      // What runs has to be there for a while after its writer is gone; what has ended is kept no longer than was said.
      const ttlMs = isLast
        ? Math.max(1, Math.round(endedMs + times.ttlMs - now))
        : times.ttlMs + TAKEOVER_HOLDS * times.holdMs;
      const part = { writer, from: written.count, values };
      const state = await logs.write(name, part, { ...times, ttlMs });
      if (state?.isTaken === true) {
        options.onTaken();
        return;
      }
      if (state?.isStopAsked === true) options.onStop();
      if (state === undefined) {
        if (draining.aborted && end !== undefined) return;
        options.onShared(undefined);
        await pause(REST_MS, draining);
        continue;
      }
      shownMs = now;
      const count = written.count + values.length;
      if (isLast && !written.isClosed) options.onClosed();
      written = state.length >= count ? { count, draftBytes, isClosed: isLast } : NOTHING;
      options.onShared(written.count);
      if (values.length < events.length) continue;
    }
    await pause(written.isClosed ? REST_MS : beatMs, draining, changed);
  }
}

/** Ends early with a change, and where draining begins. */
async function pause(ms: number, draining: AbortSignal, changed?: Promise<void>): Promise<void> {
  const over = new AbortController();
  const signal = draining.aborted ? over.signal : AbortSignal.any([over.signal, draining]);
  const time = sleep(ms, undefined, { signal }).catch(() => {});
  await (changed === undefined ? time : Promise.race([changed, time]));
  over.abort();
}

/** The next events as values, as many as are written at once. */
function valuesOf(
  events: AnswerProgress["events"],
  before: number,
): { readonly values: Uint8Array[]; readonly draftBytes: number } {
  const values: Uint8Array[] = [];
  let bytes = 0;
  let draftBytes = before;
  for (const event of events) {
    if (bytes > MAX_WRITE_BYTES) break;
    let value = encodeValue(event.type === "left-out" ? event : { type: "event", event });
    if (event.type === "block-draft") {
      draftBytes += value.length;
      if (draftBytes > MAX_DRAFT_BYTES) value = encodeValue({ type: "left-out" });
    }
    bytes += value.length;
    values.push(value);
  }
  return { values, draftBytes };
}
