import { NETWORK } from "./network.ts";
import { OPERATION } from "./operation.ts";
import { SECURITY } from "./security.ts";
import type { Policy } from "./workload.ts";

/** Every rule that an installation keeps. */
export const POLICIES: readonly Policy[] = [...SECURITY, ...OPERATION, ...NETWORK];
