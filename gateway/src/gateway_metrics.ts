import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { ServiceName } from "./services.ts";
import type { Usage } from "./usage.ts";

/** What is known of a request at its end. */
export type RequestNumbers = {
  /** One that the code knows. */
  readonly method: string;
  /** The pattern, never the path. */
  readonly route: string;
  /** Of the problem that it ended with, also where its response had begun. */
  readonly status: number;
  /** Of the problem that it ended with. */
  readonly code: string | undefined;
  readonly seconds: number;
};

/** What the gateway reports; times in seconds. */
export type GatewayMetrics = {
  onRequest(request: RequestNumbers): void;
  onFirstText(seconds: number): void;
  onAnswer(usage: Usage): void;
  /** A decoder died before the first draft of an answer, which is asked for again. */
  onAskedAgain(): void;
  onBreaker(service: ServiceName, isOpen: boolean): void;
};

const SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** The gateway's metrics; labels come from routes, codes and names that the code knows, never from callers. */
export function gatewayMetrics(
  registry: Registry,
  load: () => { readonly decoderRestarts: number; readonly imageBytes: number },
): GatewayMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: "medv_gateway_requests_total",
    help: "Requests that ended; a streamed answer with its stream, and with the status of what broke it off",
    labelNames: ["method", "route", "status"] as const,
    registers,
  });
  const seconds = new Histogram({
    name: "medv_gateway_request_seconds",
    help: "Duration of a request, of a streamed answer to its end",
    labelNames: ["route"] as const,
    buckets: SECONDS,
    registers,
  });
  const refusals = new Counter({
    name: "medv_gateway_refusals_total",
    help: "Requests that ended with an error, by its code",
    labelNames: ["code"] as const,
    registers,
  });
  const firstText = new Histogram({
    name: "medv_gateway_first_text_seconds",
    help: "From an answer's request to its first committed text",
    buckets: SECONDS,
    registers,
  });
  const tokens = new Counter({
    name: "medv_gateway_answer_tokens_total",
    help: "Tokens of answers that were given out whole",
    registers,
  });
  const images = new Counter({
    name: "medv_gateway_image_lookups_total",
    help: "Answers with images: all embeddings were there (hit), or the vision tower ran (miss)",
    labelNames: ["outcome"] as const,
    registers,
  });
  const askedAgain = new Counter({
    name: "medv_gateway_asked_again_total",
    help: "Answers whose decoder died before their first draft, and that were asked for again",
    registers,
  });
  const breakers = new Gauge({
    name: "medv_gateway_breaker_open",
    help: "1 while a service is not asked, as nothing is heard of it",
    labelNames: ["service"] as const,
    registers,
  });
  for (const service of ["vision", "diffusion"] as const) breakers.set({ service }, 0);
  registry.registerMetric(
    new Counter({
      name: "medv_gateway_decoder_restarts_total",
      help: "Image decoder processes that ended in the middle of an image",
      registers: [],
      collect() {
        this.reset();
        this.inc(load().decoderRestarts);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: "medv_gateway_image_bytes",
      help: "Images kept in memory, as sent and as pixels",
      registers: [],
      collect() {
        this.set(load().imageBytes);
      },
    }),
  );
  return {
    onRequest({ method, route, status, code, seconds: taken }) {
      requests.inc({ method, route, status });
      seconds.observe({ route }, taken);
      if (code !== undefined) refusals.inc({ code });
    },
    onBreaker: (service, isOpen) => breakers.set({ service }, isOpen ? 1 : 0),
    onAskedAgain: () => askedAgain.inc(),
    onFirstText: (taken) => firstText.observe(taken),
    onAnswer({ completion_tokens, details }) {
      tokens.inc(completion_tokens);
      if (details.image_cache !== "none") images.inc({ outcome: details.image_cache });
    },
  };
}
