import { optionalAddressSetting } from "./setting.ts";

/** Of every process. */
export const METRICS_ADDRESS = optionalAddressSetting(
  "MEDV_METRICS_ADDRESS",
  "where `GET /metrics` answers Prometheus, always plain text; nowhere when it is not set",
);
