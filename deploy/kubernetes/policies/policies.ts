import { ANSWERS } from "./answers.ts";
import { MONITORING } from "./monitoring.ts";
import { NETWORK } from "./network.ts";
import { OPERATION } from "./operation.ts";
import { SCALING } from "./scaling.ts";
import { SECURITY } from "./security.ts";
import type { Policy } from "./workload.ts";

/** Every rule that an installation keeps. */
export const POLICIES: readonly Policy[] = [
  ...SECURITY,
  ...OPERATION,
  ...ANSWERS,
  ...SCALING,
  ...MONITORING,
  ...NETWORK,
];
