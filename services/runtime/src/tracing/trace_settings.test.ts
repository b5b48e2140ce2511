import { expect, test } from "vitest";
import { TRACE_RATIO, TRACE_SETTINGS } from "./trace_settings.ts";

test.each([
  { value: undefined, endpoint: undefined },
  { value: "", endpoint: undefined },
  { value: "http://127.0.0.1:4318", endpoint: "http://127.0.0.1:4318" },
  { value: "https://collector/base/", endpoint: "https://collector/base/" },
])("OTEL_EXPORTER_OTLP_ENDPOINT $value is $endpoint", ({ value, endpoint }) => {
  expect(TRACE_SETTINGS.traceEndpoint.read({ OTEL_EXPORTER_OTLP_ENDPOINT: value })).toBe(endpoint);
});

test.each(["collector:4318", "grpc://collector:4317", "yes"])(
  "OTEL_EXPORTER_OTLP_ENDPOINT %s is refused by name",
  (value) => {
    expect(() => TRACE_SETTINGS.traceEndpoint.read({ OTEL_EXPORTER_OTLP_ENDPOINT: value })).toThrow(
      "Cannot read OTEL_EXPORTER_OTLP_ENDPOINT as it must be an http:// or https:// URL",
    );
  },
);

test.each([
  { value: undefined, ratio: 1 },
  { value: "0", ratio: 0 },
  { value: "0.05", ratio: 0.05 },
])("OTEL_TRACES_SAMPLER_ARG $value is $ratio", ({ value, ratio }) => {
  expect(TRACE_RATIO.read({ OTEL_TRACES_SAMPLER_ARG: value })).toBe(ratio);
});

test.each(["-0.1", "1.5", "10 %", " "])("OTEL_TRACES_SAMPLER_ARG %s is refused", (value) => {
  expect(() => TRACE_RATIO.read({ OTEL_TRACES_SAMPLER_ARG: value })).toThrow(
    `Cannot read OTEL_TRACES_SAMPLER_ARG as it must be from 0 to 1: current value is "${value}"`,
  );
});
