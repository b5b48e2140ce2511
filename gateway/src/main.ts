import { availableParallelism } from "node:os";
import { drainOnSignal } from "@medv/runtime/drain_on_signal";
import { createLogger } from "@medv/runtime/logger";
import { openCacheConnection } from "@medv/runtime/remote_cache/cache_connection";
import { remoteCache } from "@medv/runtime/remote_cache/remote_cache";
import { sharedClaims } from "@medv/runtime/remote_cache/shared_claims";
import { sharedCounts } from "@medv/runtime/remote_cache/shared_counts";
import { sharedLogs } from "@medv/runtime/remote_cache/shared_logs";
import { sharedNotices } from "@medv/runtime/remote_cache/shared_notices";
import { createRegistry, serveMetrics } from "@medv/runtime/metrics";
import { openTracing } from "@medv/runtime/tracing/open_tracing";
import { createApp } from "./app.ts";
import { createAuthenticate } from "./auth/authenticate.ts";
import { ClientTokens } from "./auth/client_tokens.ts";
import { grantedImages } from "./auth/granted_images.ts";
import { createJsonWebTokenReader } from "./auth/json_web_token.ts";
import { tenantScopes } from "./auth/tenant_scope.ts";
import { readConfig } from "./config.ts";
import { DeletionReceipts } from "./deletion_receipts.ts";
import { DELETED_IMAGES } from "./forgotten_image.ts";
import { gatewayMetrics } from "./gateway_metrics.ts";
import { createFetchImage } from "./image_fetch/fetch_image.ts";
import { ImagePreprocessor } from "./image/image_preprocessor.ts";
import { ImageStore } from "./image_store.ts";
import { countTogether } from "./limits/count_together.ts";
import { DecoderPrice } from "./limits/decoder_price.ts";
import { tenantLimits } from "./limits/tenant_limits.ts";
import { keptQuestions } from "./kept_questions.ts";
import { listen } from "./listen.ts";
import { ModelDescription } from "./model_description.ts";
import { readPage } from "./page.ts";
import { RunningAnswers } from "./running_answers.ts";
import { connectServices } from "./services.ts";
import { SharedAnswers } from "./shared_answers.ts";

try {
  const config = readConfig(process.env);
  const logger = createLogger({ service: "gateway", level: config.logLevel });
  const drain = drainOnSignal(logger);
  const { apiKeys, jsonWebTokens, secret, isSecretRandom } = config.access;
  const clientTokens = new ClientTokens(secret);
  const authenticate = createAuthenticate({
    apiKeys,
    readJsonWebToken: jsonWebTokens && createJsonWebTokenReader(jsonWebTokens),
    clientTokens,
    scopeOf: tenantScopes(secret),
  });
  if (apiKeys === undefined && jsonWebTokens === undefined) {
    const hint = "only this machine may ask: set MEDV_API_KEYS to let others in";
    logger.warn({ host: config.host, hint }, "open-to-all");
  } else if (isSecretRandom) {
    const hint =
      "set MEDV_SECRET so that client tokens, receipts and cached images outlive a restart";
    logger.warn({ hint }, "secret-random");
  }
  const { traceEndpoint: endpoint, traceRatio: ratio } = config;
  const tracing = await openTracing({ service: "gateway", endpoint, ratio, logger });
  const registry = createRegistry();
  const metrics = gatewayMetrics(registry, () => ({
    decoderRestarts: preprocessor.losses,
    imageBytes: images.bytes,
  }));
  const services = connectServices({
    ...config,
    tracing,
    onBreaker(service, isOpen) {
      metrics.onBreaker(service, isOpen);
      logger.warn({ peer: service }, isOpen ? "breaker-open" : "breaker-close");
    },
  });
  const connection = openCacheConnection(config.remoteCache, logger);
  const remote = remoteCache(connection);
  const count = countTogether(connection && sharedCounts(connection), logger);
  const preprocessor = new ImagePreprocessor({
    // One core is left to the event loop; two at least, so that a slow image does not hold up the others.
    processes: Math.max(2, availableParallelism() - 1),
    memoryBytes: config.decoderMemoryBytes,
    timeoutMs: config.decoderTimeoutMs,
    queueBytes: config.decoderQueueBytes,
  });
  const images = new ImageStore({
    preprocess: (...job) => preprocessor.preprocess(...job),
    services,
    remote,
    notices: connection && sharedNotices(connection, DELETED_IMAGES, config.imageTtlMs),
    log: logger,
    maxImageBytes: config.maxImageBytes,
    maxImagePixels: config.maxImagePixels,
    cacheBytes: config.imageCacheBytes,
    ttlMs: config.imageTtlMs,
    encodeTimeoutMs: config.encodeTimeoutMs,
  });
  drain.steps.push(
    () => images.close(),
    () => remote.close(),
    () => preprocessor.close(),
    () => services.vision.close(),
    () => services.diffusion.close(),
    () => tracing.close(),
  );
  const sources = {
    services,
    images,
    model: new ModelDescription(services.diffusion),
    limits: tenantLimits(config, count),
    price: new DecoderPrice(),
    metrics,
    grantedImages: grantedImages(count),
    fetchImage: createFetchImage({ hosts: config.imageUrlHosts, maxBytes: config.maxImageBytes }),
    answerTimeoutMs: config.answerTimeoutMs,
  };
  const answers = new RunningAnswers(
    connection && new SharedAnswers(sharedLogs(connection), keptQuestions(sources, remote)),
  );
  const page = await readPage(new URL("../web/dist/", import.meta.url));
  if (page.size === 0) logger.warn({ hint: "npm run page" }, "page-missing");
  const scraped = await serveMetrics(registry, config.metricsAddress);
  const app = createApp({
    ...sources,
    log: logger,
    authenticate,
    clientTokens,
    receipts: new DeletionReceipts(secret),
    maxImageBytes: config.maxImageBytes,
    // Proxies give up what is silent for a minute, some after half of one.
    keepAliveMs: 15_000,
    corsOrigins: config.corsOrigins,
    answers,
    claims: connection && sharedClaims(connection),
    page,
  });
  // An answer that comes as a whole is silent for as long as it may take.
  const idleMs = config.answerTimeoutMs + 30_000;
  const server = await listen((request) => app.fetch(request), { ...config, idleMs });
  drain.steps.unshift(
    () => logger.info({}, "drain-start"),
    () => server.drain(),
    () => answers.drain(),
    () => scraped?.close(),
    () => answers.close(),
  );
  logger.info({ host: config.host, port: server.port }, "listen");
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
