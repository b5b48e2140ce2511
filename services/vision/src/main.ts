import { credentialsOf } from "@medv/proto/grpc";
import { VisionEncoder } from "@medv/proto/vision";
import { createLogger, drainOnSignal, startService } from "@medv/runtime";
import { ADDRESS_VARIABLE, MAX_TILES, readConfig } from "./config.ts";
import { embeddingStore } from "./embedding_store.ts";
import { openTower } from "./tower_session.ts";
import { createVisionService } from "./vision_service.ts";

const config = readConfig(process.env);
const logger = createLogger({ service: "vision", level: config.logLevel });

try {
  const service = await startService(VisionEncoder, {
    address: config.address,
    addressVariable: ADDRESS_VARIABLE,
    credentials: credentialsOf(config.tls).server,
    healthAddress: config.healthAddress,
    logger,
  });
  const startedAt = performance.now();
  const opening = openTower({
    ...config,
    onExit: (err) => {
      logger.error({ err }, "session-exit");
      process.exit(1);
    },
  });
  drainOnSignal(async () => {
    await service.drain();
    await (await opening).release();
  }, logger);
  const tower = await opening;
  logger.info({ towerDigest: tower.digest, loadMs: performance.now() - startedAt }, "model-loaded");
  service.open(
    createVisionService({
      tower,
      store: embeddingStore(config.embeddingCacheBytes, config.embeddingTtlSeconds),
      maxTiles: MAX_TILES,
      logger,
    }),
  );
} catch (error) {
  logger.fatal({ err: error }, "start-error");
  process.exit(1);
}
