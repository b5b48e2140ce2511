import { pino, type DestinationStream } from "pino";
import { traceFields } from "./tracing/span.ts";

/** Levels of the log: `debug` one line per step, `info` one per request, `warn` degraded, `error` a person must act. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes one event: its fields, then its name (`encode-end`). */
export type LogEvent = (fields: Readonly<Record<string, unknown>>, event: string) => void;

/** What modules get to see of the log; only a `main.ts` creates one. */
export type Logger = Readonly<Record<Exclude<LogLevel, "silent"> | "fatal", LogEvent>>;

/** How a log is written. */
export type LoggerOptions = {
  /** Which process speaks, such as `vision`. */
  readonly service: string;
  readonly level: LogLevel;
};

/** Fields that can hold what a patient or a person wrote or showed; they never reach the log, at no depth; counts do. */
const PRIVATE_FIELDS: ReadonlySet<string> = new Set([
  "pixels",
  "image",
  "images",
  "embedding",
  "prompt",
  "messages",
  "parts",
  "content",
  "text",
  "answer",
  "tokens",
  "tokenIds",
  "chunk",
  "body",
]);

/**
 * A log of JSON lines. Private fields are left out, byte arrays show their size only, and an error shows its kind,
 * code, message, stack and cause, but no other field. A line that is written within a span names its trace.
 *
 * @param to Standard output by default, written synchronously: the last lines before an exit matter most.
 */
export function createLogger(
  { service, level }: LoggerOptions,
  to: DestinationStream = standardOutput(),
): Logger {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: traceFields,
      formatters: { level: (label) => ({ level: label }), log: publicFields },
      // The formatter has made plain fields of it.
      serializers: { err: (err: unknown) => err },
    },
    to,
  );
}

/** A full disk or a reader that is gone costs log lines, not answers: without a listener it would end the process. */
function standardOutput(): DestinationStream {
  return pino.destination({ fd: 1, sync: true }).on("error", () => {});
}

function publicFields(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name, value]) => typeof value === "number" || !PRIVATE_FIELDS.has(name))
      .map(([name, value]) => [name, publicValue(value)]),
  );
}

function publicValue(value: unknown): unknown {
  if (value instanceof Error) return errorFields(value);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return { bytes: value.byteLength };
  if (Array.isArray(value)) return value.map(publicValue);
  if (typeof value === "object" && value !== null) return publicFields(value);
  return value;
}

function errorFields(error: Error): Record<string, unknown> {
  const code = "code" in error ? error.code : undefined;
  const cause = error.cause instanceof Error ? errorFields(error.cause) : undefined;
  return { type: error.name, code, message: error.message, stack: error.stack, cause };
}
