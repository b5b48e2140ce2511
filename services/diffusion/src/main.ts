import { randomInt } from "node:crypto";
import { basename, resolve } from "node:path";
import { DiffusionDecoder } from "@medv/proto/diffusion";
import { createClient, credentialsOf } from "@medv/proto/grpc";
import { VisionEncoder } from "@medv/proto/vision";
import {
  breaker,
  byteCache,
  createLogger,
  drainOnSignal,
  openRemoteCache,
  openTracing,
  startService,
} from "@medv/runtime";
import { createRegistry, serveMetrics } from "@medv/runtime/metrics";
import { ADDRESS_VARIABLE, readConfig } from "./config.ts";
import { decoderMetrics, gaugeLoad } from "./decoder_metrics.ts";
import { openDecoder } from "./decoder_session.ts";
import { describeModel } from "./describe_model.ts";
import { forgetEmbedding, readEmbedding } from "./embedding_source.ts";
import { generate } from "./generate.ts";
import { quantizeProgress } from "./quantize_progress.ts";
import { Workload } from "./workload.ts";
import { SEEDS } from "./resolve_settings.ts";

/** Time for pulling one embedding, of 63 MB at most. */
const PULL_MS = 10_000;

const config = readConfig(process.env);
const logger = createLogger({ service: "diffusion", level: config.logLevel });
const drain = drainOnSignal(logger);

try {
  const { traceEndpoint: endpoint } = config;
  const tracing = await openTracing({ service: "diffusion", endpoint, logger });
  const credentials = credentialsOf(config.tls);
  const cache = byteCache<Uint8Array>({
    maxBytes: config.embeddingCacheBytes,
    ttlSeconds: config.embeddingTtlSeconds,
    sizeOf: (bytes) => Math.max(1, bytes.byteLength),
  });
  const service = await startService(DiffusionDecoder, {
    address: config.address,
    addressVariable: ADDRESS_VARIABLE,
    credentials: credentials.server,
    healthAddress: config.healthAddress,
    interceptors: tracing.serverInterceptors,
    logger,
  });
  drain.steps.push(
    // A replica that goes is not asked to forget any more.
    () => cache.clear(),
    () => service.drain(),
  );
  const registry = createRegistry();
  const metrics = decoderMetrics(registry);
  const scraped = await serveMetrics(registry, config.metricsAddress);
  const remote = openRemoteCache(config.remoteCache, logger);
  drain.steps.push(
    () => scraped?.close(),
    () => remote.close(),
  );
  const startedAt = performance.now();
  const opening = openDecoder(
    {
      ...config,
      onQuantizeProgress: quantizeProgress(logger, process.stderr),
      onRun: (run) => metrics.onRun(run),
      onExit: (err) => {
        logger.error({ err }, "session-exit");
        process.exit(1);
      },
    },
    drain.signal,
  );
  const vision = createClient(VisionEncoder, config.visionAddress, {
    credentials: credentials.channel,
    interceptors: tracing.clientInterceptors,
    guard: breaker(VisionEncoder.typeName, (isOpen) =>
      logger.warn({ peer: "vision" }, isOpen ? "breaker-open" : "breaker-close"),
    ),
  });
  drain.releaseLater(opening);
  drain.steps.push(
    () => vision.close(),
    () => tracing.close(),
  );
  const decoder = await opening;
  drain.signal.throwIfAborted();

  const { maxBatchRows: maxRows, maxQueueSeconds } = config;
  const workload = new Workload({ maxRows, maxQueueMs: 1000 * maxQueueSeconds });
  gaugeLoad(registry, () => ({
    ...decoder.load(),
    queuedSeconds: workload.queuedSeconds,
    embeddingBytes: cache.bytes,
  }));
  const model = `llada-medv-${basename(resolve(config.checkpoint)).toLowerCase()}`;
  const { vision: tower } = decoder.checkpoint.config;
  const source = {
    remote,
    cache,
    read: (request: { digest: string; tenantScope: string }, signal: AbortSignal) =>
      vision.readEmbedding(request, { signal, deadline: new Date(Date.now() + PULL_MS) }),
    towerDigest: decoder.checkpoint.towerDigest,
    patches: Math.floor(tower.imageSize / tower.patchSize) ** 2,
    hidden: tower.hiddenSize,
  };
  logger.info(
    {
      model,
      digest: decoder.checkpoint.digest,
      precision: config.precision,
      loadMs: performance.now() - startedAt,
    },
    "model-loaded",
  );
  service.open({
    forgetEmbedding: (handle) => {
      forgetEmbedding(handle, source);
      return Promise.resolve({});
    },
    describeModel: () => Promise.resolve(describeModel(model, decoder)),
    generate: (request, context) =>
      generate(request, context, {
        ...decoder,
        model,
        async readEmbedding(handle, signal) {
          const rows = await readEmbedding(handle, source, signal);
          metrics.onLookup(rows.origin);
          return rows;
        },
        metrics,
        workload,
        randomSeed: () => randomInt(SEEDS),
        logger,
      }),
  });
} catch (error) {
  drain.onStartError(error);
}
