import { setTimeout as sleep } from "node:timers/promises";
import type { SharedNotices } from "@medv/runtime/remote_cache/shared_notices";
import { decodeForgotten, type ForgottenImage } from "./forgotten_image.ts";
import type { Log } from "./log.ts";
import { problemOf } from "./problem.ts";

/** What is done about an image that another gateway deleted. */
export type FollowDeletedOptions = {
  /** Forgets what this gateway has of it. */
  readonly forget: (image: ForgottenImage) => Promise<void>;
  readonly log: Pick<Log, "warn">;
};

/** Before what failed is tried again; twice as long each time. */
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 60_000;

/** Hears of the images that other gateways delete, and has them forgotten here, until `signal` is aborted. */
export async function followDeleted(
  notices: SharedNotices,
  options: FollowDeletedOptions,
  signal: AbortSignal,
): Promise<void> {
  await notices.follow((notice) => {
    const image = decodeForgotten(notice);
    if (image !== undefined) void forgetSurely(image, options, signal);
    else
      options.log.warn({ hint: "a gateway of another version may have sent it" }, "notice-error");
  }, signal);
}

async function forgetSurely(
  image: ForgottenImage,
  { forget, log }: FollowDeletedOptions,
  signal: AbortSignal,
): Promise<void> {
  const { requestId } = image;
  let pauseMs = FIRST_PAUSE_MS;
  // Once more, for a question that had begun before the id was unknown.
  let timesLeft = 2;
  while (timesLeft > 0 && !signal.aborted) {
    try {
      await forget(image);
      timesLeft -= 1;
    } catch (error) {
      log.warn({ requestId, code: problemOf(error, requestId).code }, "forget-error");
      // The pause ends with the signal, which is looked at above.
      await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => {});
      pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
    }
  }
}
