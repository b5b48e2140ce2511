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
  const service = await startService(VisionEncoder, {
    address: config.address,
    addressVariable: ADDRESS_VARIABLE,
    credentials: credentialsOf(config.tls).server,
    healthAddress: config.healthAddress,
    interceptors: tracing.serverInterceptors,
    logger,
  });
  drain.steps.push(() => service.drain());
  const registry = createRegistry();
  const scraped = await serveMetrics(registry, config.metricsAddress);
  const remote = openRemoteCache(config.remoteCache, logger);
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
  const store = embeddingStore({
    maxBytes: config.embeddingCacheBytes,
    ttlSeconds: config.embeddingTtlSeconds,
    remote,
  });
  // A replica that goes is not asked to forget any more.
  drain.steps.unshift(() => store.clear());
  drain.steps.push(
    // A thread must not be ended in the middle of its work; what did not open has none.
    () =>
      opening.then(
        (tower) => tower.release(),
        () => {},
      ),
    () => tracing.close(),
  );
  const tower = await opening;
  drain.signal.throwIfAborted();
  logger.info({ towerDigest: tower.digest, loadMs: performance.now() - startedAt }, "model-loaded");
  service.open(
    createVisionService({
      tower,
      store,
      queue: new TowerQueue(config.maxQueueSeconds * 1000),
      metrics: visionMetrics(registry, () => store.bytes),
      maxTiles: MAX_TILES,
      logger,
    }),
  );
} catch (error) {
  // Otherwise the drain ends the process.
  if (!drain.signal.aborted) {
    logger.fatal({ err: error }, "start-error");
    process.exit(1);
  }
}
