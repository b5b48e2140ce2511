import { DomainError } from "@medv/proto";
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

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

/** Limits that hold for this process. */
export function tenantLimits(options: TenantLimitsOptions): TenantLimits {
  const requests = limiter(options.requestsPerMinute);
  const decoder = limiter(options.decoderMsPerMinute);
  return {
    async takeRequest(tenantScope) {
      await take(requests, tenantScope, { points: 1, unit: "requests" });
    },
    async takeDecoderMs(tenantScope, ms) {
      await take(decoder, tenantScope, { points: Math.ceil(ms), unit: "ms of the decoder" });
    },
  };
}

function limiter(points: number | undefined): RateLimiterAbstract | undefined {
  if (points === undefined) return undefined;
  return new RateLimiterMemory({ points, duration: MINUTE_SECONDS });
}

async function take(
  counter: RateLimiterAbstract | undefined,
  key: string,
  { points, unit }: { readonly points: number; readonly unit: string },
): Promise<void> {
  if (counter === undefined) return;
  const taken = Math.min(points, counter.points);
  try {
    await counter.consume(key, taken);
  } catch (rejected) {
    if (!(rejected instanceof RateLimiterRes)) throw rejected;
    // The counter went up all the same; what was refused must not keep out something smaller.
    await counter.reward(key, taken);
    const retryAfterSeconds = Math.max(1, Math.ceil(rejected.msBeforeNext / 1000));
    throw new DomainError(
      "rate_limit_exceeded",
      `Cannot take the request as ${counter.points} ${unit} a minute are this tenant's limit`,
      { hint: `try again in ${retryAfterSeconds} s`, retryAfterSeconds },
    );
  }
}
