import { credentialsOf } from "@medv/proto/grpc";
import { VisionEncoder } from "@medv/proto/vision";
import {
  createLogger,
  drainOnSignal,
  openRemoteCache,
  openTracing,
  startService,
} from "@medv/runtime";
import { createRegistry, serveMetrics } from "@medv/runtime/metrics";
import { ADDRESS_VARIABLE, MAX_TILES, readConfig } from "./config.ts";
import { embeddingStore } from "./embedding_store.ts";
import { visionMetrics } from "./vision_metrics.ts";
import { TowerQueue } from "./tower_queue.ts";
import { openTower } from "./tower_session.ts";
import { createVisionService } from "./vision_service.ts";

const config = readConfig(process.env);
const logger = createLogger({ service: "vision", level: config.logLevel });
const drain = drainOnSignal(logger);

try {
  const { traceEndpoint: endpoint } = config;
  const tracing = await openTracing({ service: "vision", endpoint, logger });
  const remote = openRemoteCache(config.remoteCache, logger);
  const store = embeddingStore({
    maxBytes: config.embeddingCacheBytes,
    ttlSeconds: config.embeddingTtlSeconds,
    remote,
  });
  const service = await startService(VisionEncoder, {
    address: config.address,
    addressVariable: ADDRESS_VARIABLE,
    credentials: credentialsOf(config.tls).server,
    healthAddress: config.healthAddress,
    interceptors: tracing.serverInterceptors,
    logger,
  });
  drain.steps.push(
    // A replica that goes is not asked to forget any more.
    () => store.clear(),
    () => service.drain(),
  );
  const registry = createRegistry();
  const scraped = await serveMetrics(registry, config.metricsAddress);
  drain.steps.push(
    () => scraped?.close(),
    () => remote.close(),
  );
  const startedAt = performance.now();
  const opening = openTower({
    ...config,
    onExit: (err) => {
      logger.error({ err }, "session-exit");
      process.exit(1);
    },
  });
  drain.releaseLater(opening);
  drain.steps.push(() => tracing.close());
  const tower = await opening;
  drain.signal.throwIfAborted();
  logger.info({ towerDigest: tower.digest, loadMs: performance.now() - startedAt }, "model-loaded");
  const queue = new TowerQueue(config.maxQueueSeconds * 1000, tower.tileMs);
  service.open(
    createVisionService({
      tower,
      store,
      queue,
      metrics: visionMetrics(registry, () => ({
        embeddingBytes: store.bytes,
        queuedSeconds: queue.aheadMs / 1000,
      })),
      maxTiles: MAX_TILES,
      logger,
    }),
  );
} catch (error) {
  drain.onStartError(error);
}
