import { type DestinationStream, type Logger, pino, stdTimeFunctions } from "pino";

export type { Logger } from "pino";

/** Levels that a process can be told to log at. */
export const LOG_LEVELS = ["error", "warn", "info", "debug", "silent"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields that could hold what a patient or a doctor said or showed, and are never written. */
const PRIVATE_FIELDS = [
  "pixels",
  "image",
  "images",
  "embedding",
  "chunk",
  "prompt",
  "messages",
  "content",
  "text",
  "answer",
];

/**
 * A logger of JSON lines: an event name and fields. Only a `main.ts` makes one and hands it on.
 *
 * Whatever a line is given, it never holds bytes, tensors or the fields above.
 */
export function createLogger(
  options: { readonly service: string; readonly level: LogLevel },
  destination?: DestinationStream,
): Logger {
  const settings = {
    level: options.level,
    base: { service: options.service, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }), log: withoutBytes },
    redact: {
      paths: PRIVATE_FIELDS.flatMap((field) => [field, `*.${field}`]),
      censor: "[private]",
    },
  };
  return destination === undefined ? pino(settings) : pino(settings, destination);
}

/** Bytes and tensors become their size. */
function withoutBytes(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      ArrayBuffer.isView(value) || value instanceof ArrayBuffer
        ? { bytes: value.byteLength }
        : value,
    ]),
  );
}
