import type { AnswerSources } from "./answer.ts";
import type { Log } from "./log.ts";
import type { Page } from "./page.ts";
import type { RunningAnswers } from "./running_answers.ts";

/** What the app is made from. */
export type Dependencies = AnswerSources & {
  readonly log: Log;
  /** Cap on one image file, in bytes. */
  readonly maxImageBytes: number;
  readonly answers: RunningAnswers;
  readonly page: Page;
};

/** What a request's handlers know of it besides Hono's own. */
export type GatewayEnv = {
  Variables: {
    requestId: string;
    /** Set until there are several tenants: "default". */
    tenantScope: string;
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
