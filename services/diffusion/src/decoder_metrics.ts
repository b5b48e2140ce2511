import { profileName } from "@medv/proto/profile_name";
import { FinishReason, type Profile } from "@medv/proto/diffusion";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { EmbeddingOrigin } from "./embedding_source.ts";

/** What the decoder reports of an answer. */
export type AnswerNumbers = {
  readonly profile: Profile;
  readonly finishReason: FinishReason;
  readonly completionTokens: number;
  readonly forwardPasses: number;
  readonly revisions: number;
  readonly queueMs: number;
};

/** What the gauges show at the moment when they are read. */
export type DecoderLoad = {
  /** Predicted work of all answers that were taken in. */
  readonly queuedSeconds: number;
  /** Rows that wait for a run, and rows of the run in hand. */
  readonly waiting: number;
  readonly running: number;
  /** Share of the memory that a run may take, of the run in hand, 0 to 1. */
  readonly memoryShare: number;
  /** Embeddings kept in memory. */
  readonly embeddingBytes: number;
};

/** What runs, answers and lookups of embeddings report. */
export type DecoderMetrics = {
  onRun(run: { readonly rows: number; readonly seconds: number }): void;
  onAnswer(answer: AnswerNumbers): void;
  onLookup(origin: EmbeddingOrigin): void;
};

const RUN_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const QUEUE_SECONDS = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const ROWS = [1, 2, 4, 8, 16, 32, 64];

/** Counts runs and answers. */
export function decoderMetrics(registry: Registry): DecoderMetrics {
  const registers = [registry];
  const runSeconds = new Histogram({
    name: "medv_diffusion_run_seconds",
    help: "Duration of one run of the block decoder",
    buckets: RUN_SECONDS,
    registers,
  });
  const batchRows = new Histogram({
    name: "medv_diffusion_batch_rows",
    help: "Answers in one run",
    buckets: ROWS,
    registers,
  });
  const queueSeconds = new Histogram({
    name: "medv_diffusion_queue_seconds",
    help: "How long an answer waited for its runs in all",
    buckets: QUEUE_SECONDS,
    registers,
  });
  const answers = new Counter({
    name: "medv_diffusion_answers_total",
    help: "Answers that were finished",
    labelNames: ["profile", "finish_reason"] as const,
    registers,
  });
  const count = (name: string, help: string) =>
    new Counter({ name, help, labelNames: ["profile"] as const, registers });
  const tokens = count("medv_diffusion_tokens_total", "Tokens of finished answers");
  const passes = count("medv_diffusion_forward_passes_total", "Forward passes of finished answers");
  const revisions = count("medv_diffusion_revisions_total", "Tokens that were covered again");
  const lookups = new Counter({
    name: "medv_diffusion_embedding_lookups_total",
    help: "Embeddings that answers needed, by where they were found",
    labelNames: ["origin"] as const,
    registers,
  });
  return {
    onRun({ rows, seconds }) {
      runSeconds.observe(seconds);
      batchRows.observe(rows);
    },
    onAnswer(answer) {
      const profile = profileName(answer.profile) ?? "unknown";
      const reason = answer.finishReason === FinishReason.LENGTH ? "length" : "stop";
      answers.inc({ profile, finish_reason: reason });
      tokens.inc({ profile }, answer.completionTokens);
      passes.inc({ profile }, answer.forwardPasses);
      revisions.inc({ profile }, answer.revisions);
      queueSeconds.observe(answer.queueMs / 1000);
    },
    onLookup: (origin) => lookups.inc({ origin }),
  };
}

/** The three gauges that the Gateway API Inference Extension asks of a model server: what waits, what runs, how full it is. */
export function gaugeLoad(registry: Registry, load: () => DecoderLoad): void {
  const gauge = (name: string, help: string, read: (now: DecoderLoad) => number): Gauge =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read(load()));
      },
    });
  gauge("medv_diffusion_queued_rows", "Rows of answers that wait for a run", (now) => now.waiting);
  gauge("medv_diffusion_running_rows", "Rows of the run in hand", (now) => now.running);
  gauge(
    "medv_diffusion_queued_seconds",
    "When all answers that were taken in will be done, as predicted",
    (now) => now.queuedSeconds,
  );
  gauge(
    "medv_diffusion_memory_ratio",
    "Share of MEDV_RUN_MEMORY_BYTES that the run in hand takes, 0 to 1",
    (now) => now.memoryShare,
  );
  gauge("medv_diffusion_embedding_bytes", "Embeddings kept in memory", (now) => now.embeddingBytes);
}
