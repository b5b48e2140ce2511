import type { ClientGrant } from "./client_tokens.ts";

/** Who asks, once it is known. */
export type Caller = {
  /** The operator's name for it; stands in the log. */
  readonly tenant: string;
  /** Its name to the services and in the keys of caches, which only this gateway can derive. */
  readonly tenantScope: string;
  /** All that the caller may do, where it came with a client token. */
  readonly grant?: ClientGrant;
};
