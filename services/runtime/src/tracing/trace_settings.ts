import { type Environment, optionalText } from "../environment.ts";
import type { Setting } from "../setting.ts";

// The standard's own names: whatever injects them into pods, and whoever knows them, need not learn ours.
const ENDPOINT_VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT";
const RATIO_VARIABLE = "OTEL_TRACES_SAMPLER_ARG";

/** Where traces of every process go. */
export const TRACE_SETTINGS = {
  traceEndpoint: {
    variable: ENDPOINT_VARIABLE,
    unit: "",
    fallback: "",
    meaning:
      "http:// or https:// URL of an OpenTelemetry collector that takes traces by OTLP over HTTP, `/v1/traces` behind it; none are made without",
    read: readEndpoint,
  },
} as const satisfies Record<string, Setting<string | undefined>>;

/** Which requests are traced; the services follow what the gateway says. */
export const TRACE_RATIO: Setting<number> = {
  variable: RATIO_VARIABLE,
  unit: "0 to 1",
  fallback: "1",
  meaning: "share of the requests that are traced, of those whose caller does not say so itself",
  read: readRatio,
};

function readEndpoint(env: Environment): string | undefined {
  const value = optionalText(env, ENDPOINT_VARIABLE);
  if (value === undefined) return undefined;
  const protocol = URL.canParse(value) ? new URL(value).protocol : "";
  if (protocol === "http:" || protocol === "https:") return value;
  throw new RangeError(
    `Cannot read ${ENDPOINT_VARIABLE} as it must be an http:// or https:// URL: current value is "${value}"`,
  );
}

function readRatio(env: Environment): number {
  const value = optionalText(env, RATIO_VARIABLE) ?? "1";
  const ratio = Number(value);
  if (value.trim() !== "" && ratio >= 0 && ratio <= 1) return ratio;
  throw new RangeError(
    `Cannot read ${RATIO_VARIABLE} as it must be from 0 to 1: current value is "${value}"`,
  );
}
