import type { SharedClaims } from "@medv/runtime/remote_cache/shared_claims";
import type { AnswerSources } from "./answer.ts";
import type { Authenticate } from "./auth/authenticate.ts";
import type { Caller } from "./auth/caller.ts";
import type { ClientTokens } from "./auth/client_tokens.ts";
import type { DeletionReceipts } from "./deletion_receipts.ts";
import type { Log } from "./log.ts";
import type { Page } from "./page.ts";
import type { RunningAnswers } from "./running_answers.ts";

/** What the app is made from. */
export type Dependencies = AnswerSources & {
  readonly log: Log;
  readonly authenticate: Authenticate;
  readonly clientTokens: ClientTokens;
  readonly receipts: DeletionReceipts;
  /** Cap on one image file, in bytes. */
  readonly maxImageBytes: number;
  /** After so long without an event a stream has a comment. */
  readonly keepAliveMs: number;
  /** Whose pages may call, besides the gateway's own. */
  readonly corsOrigins: readonly string[];
  readonly answers: RunningAnswers;
  /** How gateways agree who does what was asked under a key; undefined where there is one only. */
  readonly claims: SharedClaims | undefined;
  readonly page: Page;
};

/** What a request's handlers know of it besides Hono's own. */
export type GatewayEnv = {
  Variables: {
    requestId: string;
    /** Not set where anybody may read, and before it is known. */
    caller: Caller | undefined;
    /** Numbers of the answer, for the line in the log. */
    numbers: object;
    /** Writes the line; a streamed answer calls it at its end. */
    endRequest: (error?: unknown) => void;
  };
};

/** Cap on a JSON body: two images of the largest size in base64, and a long conversation. */
export function maxJsonBytes(maxImageBytes: number): number {
  return Math.ceil((maxImageBytes * 4) / 3) * 2 + (1 << 20);
}
