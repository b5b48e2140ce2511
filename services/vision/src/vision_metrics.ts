import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** `run`: by the tower; `hit`: found in the store; `shared`: another caller's run of the same image. */
export type EncodeOutcome = "run" | "hit" | "shared";

/** What the service reports; times in seconds, 0 where the tower did not run. */
export type VisionMetrics = {
  onEncode(encode: { readonly outcome: EncodeOutcome; readonly seconds: number }): void;
};

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The vision service's metrics. */
export function visionMetrics(registry: Registry, keptBytes: () => number): VisionMetrics {
  const registers = [registry];
  const encodes = new Counter({
    name: "medv_vision_encodes_total",
    help: "Calls of Encode, by where the embedding came from",
    labelNames: ["outcome"] as const,
    registers,
  });
  const runSeconds = new Histogram({
    name: "medv_vision_run_seconds",
    help: "Duration of one run of the vision tower, with what it waited for the one before",
    buckets: SECONDS,
    registers,
  });
  registry.registerMetric(
    new Gauge({
      name: "medv_vision_embedding_bytes",
      help: "Embeddings kept in memory",
      registers: [],
      collect() {
        this.set(keptBytes());
      },
    }),
  );
  return {
    onEncode({ outcome, seconds }) {
      encodes.inc({ outcome });
      if (outcome === "run") runSeconds.observe(seconds);
    },
  };
}
