import { expect, test } from "vitest";
import { createLogger } from "./logger.ts";

test("createLogger() writes one JSON line per event, without bytes and private fields", () => {
  const lines: string[] = [];
  const logger = createLogger(
    { service: "vision", level: "info" },
    { write: (line) => lines.push(line) },
  );
  logger.info(
    {
      requestId: "r-1",
      tiles: 3,
      pixels: "canary",
      request: { prompt: "canary", digest: "ab" },
      buffer: Buffer.from("canary"),
      data: new Float32Array([1]),
    },
    "encode-end",
  );
  logger.debug({}, "not at this level");
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain("canary");
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    level: "info",
    service: "vision",
    requestId: "r-1",
    tiles: 3,
    request: { digest: "ab" },
    buffer: { bytes: 6 },
    data: { bytes: 4 },
    msg: "encode-end",
  });
});
