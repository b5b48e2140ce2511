import { DomainError } from "@medv/proto";
import type { Taking } from "@medv/runtime/remote_cache/shared_counts";
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { CountTogether } from "./count_together.ts";

/** What a tenant may take in a minute; undefined: as much as it wants. */
export type TenantLimitsOptions = {
  readonly requestsPerMinute: number | undefined;
  /** Time of the decoder as it is predicted, in milliseconds. */
  readonly decoderMsPerMinute: number | undefined;
};

/** Counts what tenants take. */
export type TenantLimits = {
  /** @throws {DomainError} `rate_limit_exceeded`, with how long to wait. */
  takeRequest(tenantScope: string): Promise<void>;
  /**
   * An answer that would take more than a whole minute's is let through when nothing else was taken.
   *
   * @throws {DomainError} As {@link takeRequest}.
   */
  takeDecoderMs(tenantScope: string, ms: number): Promise<void>;
};

const MINUTE_SECONDS = 60;

/** One of the limits. */
type Limit = {
  readonly points: number;
  /** What there are so many of, in words. */
  readonly unit: string;
  take(tenantScope: string, points: number): Promise<Taking>;
};

/** Limits that hold for all gateways that count together. */
export function tenantLimits(options: TenantLimitsOptions, count: CountTogether): TenantLimits {
  const { requestsPerMinute, decoderMsPerMinute } = options;
  const requests = limit("requests", { points: requestsPerMinute, unit: "requests" }, count);
  const decoder = limit(
    "decoder",
    { points: decoderMsPerMinute, unit: "ms of the decoder" },
    count,
  );
  return {
    takeRequest: (tenantScope) => take(requests, tenantScope, 1),
    takeDecoderMs: (tenantScope, ms) => take(decoder, tenantScope, Math.ceil(ms)),
  };
}

/** @param name Of its counts, which gateways share. */
function limit(
  name: string,
  { points, unit }: { readonly points: number | undefined; readonly unit: string },
  count: CountTogether,
): Limit | undefined {
  if (points === undefined) return undefined;
  const own = new RateLimiterMemory({ points, duration: MINUTE_SECONDS });
  const rule = { limit: points, windowMs: MINUTE_SECONDS * 1000 };
  return {
    points,
    unit,
    take: (tenantScope, taken) =>
      count(
        (counts) => counts.take({ tenantScope, key: `limit/${name}` }, taken, rule),
        () => takeAlone(own, tenantScope, taken),
      ),
  };
}

async function take(
  limited: Limit | undefined,
  tenantScope: string,
  points: number,
): Promise<void> {
  if (limited === undefined) return;
  const { taken, waitMs } = await limited.take(tenantScope, Math.min(points, limited.points));
  if (taken) return;
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  throw new DomainError(
    "rate_limit_exceeded",
    `Cannot take the request as ${limited.points} ${limited.unit} a minute are this tenant's limit`,
    { hint: `try again in ${retryAfterSeconds} s`, retryAfterSeconds },
  );
}

async function takeAlone(
  counter: RateLimiterAbstract,
  key: string,
  points: number,
): Promise<Taking> {
  try {
    await counter.consume(key, points);
    return { taken: true, waitMs: 0 };
  } catch (rejected) {
    if (!(rejected instanceof RateLimiterRes)) throw rejected;
    // The counter went up all the same; what was refused must not keep out something smaller.
    await counter.reward(key, points);
    return { taken: false, waitMs: rejected.msBeforeNext };
  }
}
