import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/**
 * Where an embedding came from: a run of the tower, memory, the cache that processes share, or `joined`, the run for
 * another caller with the same image.
 */
export type EmbeddingOrigin = "run" | "memory" | "shared_cache" | "joined";

/** What the service reports; times in seconds, 0 where the tower did not run. */
export type VisionMetrics = {
  onEncode(encode: { readonly origin: EmbeddingOrigin; readonly seconds: number }): void;
};

/** What the service holds and has before it at a moment. */
export type VisionLoad = {
  /** Embeddings in memory. */
  readonly embeddingBytes: number;
  readonly queuedSeconds: number;
};

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The vision service's metrics. */
export function visionMetrics(registry: Registry, load: () => VisionLoad): VisionMetrics {
  const registers = [registry];
  const encodes = new Counter({
    name: "medv_vision_encodes_total",
    help: "Calls of Encode, by where the embedding came from",
    labelNames: ["origin"] as const,
    registers,
  });
  const runSeconds = new Histogram({
    name: "medv_vision_run_seconds",
    help: "Duration of one run of the vision tower, with what it waited for the one before",
    buckets: SECONDS,
    registers,
  });
  const gauge = (name: string, help: string, read: (now: VisionLoad) => number): Gauge =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(load()));
      },
    });
  gauge("medv_vision_embedding_bytes", "Embeddings kept in memory", (now) => now.embeddingBytes);
  gauge(
    "medv_vision_queued_seconds",
    "When all encodes that were taken in will be done, as predicted",
    (now) => now.queuedSeconds,
  );
  return {
    onEncode({ origin, seconds }) {
      encodes.inc({ origin });
      if (origin === "run") runSeconds.observe(seconds);
    },
  };
}
