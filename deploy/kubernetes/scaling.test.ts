import { decoderMetrics, gaugeLoad } from "@medv/diffusion/decoder_metrics";
import { createRegistry } from "@medv/runtime/metrics";
import { expect, test } from "vitest";
import { readRendered } from "./manifest.ts";
import { scalersOf } from "./policies/scaling.ts";

test.each(["cpu", "gpu"] as const)("%s scales the gateway and diffusion", (overlay) => {
  const targets = scalersOf(readRendered(overlay)).map(({ target }) => target);
  expect(targets.toSorted()).toEqual(["medv-diffusion", "medv-gateway"]);
});

test.each(["cpu", "gpu"] as const)("what %s is scaled by is measured", (overlay) => {
  const registry = createRegistry();
  decoderMetrics(registry);
  gaugeLoad(registry, () => ({
    queuedSeconds: 0,
    waiting: 0,
    running: 0,
    memoryShare: 0,
    embeddingBytes: 0,
  }));
  const measured = registry.getMetricsAsArray().map(({ name }) => name);
  const named = scalersOf(readRendered(overlay)).flatMap(({ queries }) =>
    queries.flatMap((query) => query.match(/\bmedv_\w+/g) ?? []),
  );
  expect(named).not.toEqual([]);
  expect(named.filter((name) => !measured.includes(name))).toEqual([]);
});
