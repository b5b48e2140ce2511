import type { MessageInitShape } from "@bufbuild/protobuf";
import { DomainError } from "@medv/proto";
import {
  DiffusionDecoder,
  FinishReason,
  type GenerateRequest,
  type ImagePreprocessingSchema,
  Profile,
} from "@medv/proto/diffusion";
import type { Implementation } from "@medv/proto/grpc";
import { type EncodeRequest, VisionEncoder } from "@medv/proto/vision";
import type { CacheConnection } from "@medv/runtime/remote_cache/cache_connection";
import { remoteCache } from "@medv/runtime/remote_cache/remote_cache";
import { sharedClaims } from "@medv/runtime/remote_cache/shared_claims";
import { sharedCounts } from "@medv/runtime/remote_cache/shared_counts";
import { sharedLogs } from "@medv/runtime/remote_cache/shared_logs";
import { sharedNotices } from "@medv/runtime/remote_cache/shared_notices";
import { createLogger } from "@medv/runtime/logger";
import { startService } from "@medv/runtime/service";
import { Registry } from "prom-client";
import sharp from "sharp";
import { createApp } from "../app.ts";
import { createAuthenticate, type AuthenticateOptions } from "../auth/authenticate.ts";
import { ClientTokens } from "../auth/client_tokens.ts";
import { grantedImages } from "../auth/granted_images.ts";
import { tenantScopes } from "../auth/tenant_scope.ts";
import { DeletionReceipts } from "../deletion_receipts.ts";
import { DELETED_IMAGES } from "../forgotten_image.ts";
import { gatewayMetrics } from "../gateway_metrics.ts";
import { createFetchImage, type FetchImage } from "../image_fetch/fetch_image.ts";
import { ImagePreprocessor } from "../image/image_preprocessor.ts";
import { ImageStore } from "../image_store.ts";
import { keptQuestions } from "../kept_questions.ts";
import { countTogether } from "../limits/count_together.ts";
import { DecoderPrice } from "../limits/decoder_price.ts";
import { tenantLimits, type TenantLimitsOptions } from "../limits/tenant_limits.ts";
import { ModelDescription } from "../model_description.ts";
import type { Page } from "../page.ts";
import { RunningAnswers } from "../running_answers.ts";
import { connectServices } from "../services.ts";
import { SharedAnswers } from "../shared_answers.ts";

/** How the scripted decoder behaves in one answer. */
export type Script = Implementation<(typeof DiffusionDecoder)["method"]>["generate"];

/** Cap on an image in these tests, in bytes. */
export const MAX_IMAGE_BYTES = 4096;

const TTL_MS = 60_000;

/** The gateway's secret in these tests. */
export const SECRET = new Uint8Array(32);

/**
 * The app in front of both services, served by gRPC in this process: a vision service that counts its runs and a decoder
 * that plays a script.
 *
 * @param options.preprocessing What the model is shown of an image; one tile where it is missing.
 * @param options.access Everybody is one tenant where it is missing.
 * @param options.between Puts something between the gateway and a service's port, and gives the port of that.
 * @param options.connection Nothing is shared where it is missing; the test closes it.
 * @param options.holdMs After so long without a sign a gateway that runs an answer is gone.
 * @param options.keepAliveMs After so long a silence a stream has a comment.
 * @param options.limits None where they are missing.
 */
export async function startScriptedGateway({
  page = new Map(),
  preprocessing = SQUARE,
  corsOrigins = [],
  fetchImage = createFetchImage({ hosts: [], maxBytes: MAX_IMAGE_BYTES }),
  access = {},
  connection,
  holdMs,
  limits = { requestsPerMinute: undefined, decoderMsPerMinute: undefined },
  decoderTimeoutMs = 60_000,
  decoderQueueBytes = 1 << 20,
  answerTimeoutMs = 60_000,
  keepAliveMs = 15_000,
  between = (port) => Promise.resolve(port),
}: {
  readonly page?: Page;
  readonly preprocessing?: MessageInitShape<typeof ImagePreprocessingSchema>;
  readonly corsOrigins?: readonly string[];
  readonly fetchImage?: FetchImage;
  readonly connection?: CacheConnection;
  readonly holdMs?: number;
  readonly access?: Partial<AuthenticateOptions>;
  readonly limits?: TenantLimitsOptions;
  readonly decoderTimeoutMs?: number;
  readonly decoderQueueBytes?: number;
  readonly answerTimeoutMs?: number;
  readonly keepAliveMs?: number;
  readonly between?: (port: number) => Promise<number>;
} = {}) {
  const logger = createLogger({ service: "test", level: "silent" });
  const options = { address: "127.0.0.1:0", addressVariable: "none", logger };
  const encoded = new Set<string>();
  const seen = {
    encodes: 0,
    encodeRequests: [] as EncodeRequest[],
    requests: [] as GenerateRequest[],
    /** Digests that the services were told to forget. */
    deleted: [] as string[],
    forgotten: [] as string[],
    logs: [] as { event: string; fields: object }[],
    script: answerHello,
    /** Whether the diffusion service says what it serves. */
    isReady: true,
  };
  const vision = await startService(VisionEncoder, options);
  vision.open({
    encode: async (request) => {
      const { pixels, tiles, tenantScope, preprocessingVersion } = request;
      seen.encodeRequests.push(request);
      const digest = Buffer.from(
        await crypto.subtle.digest("SHA-256", Buffer.concat([Buffer.from(tenantScope), pixels])),
      ).toString("hex");
      const cached = encoded.has(digest);
      if (!cached) seen.encodes += 1;
      encoded.add(digest);
      const shape = [tiles, 4, 8];
      const expiresAt = { seconds: BigInt(Math.floor(Date.now() / 1000) + 60) };
      return { handle: { digest, shape, tenantScope, preprocessingVersion, expiresAt }, cached };
    },
    deleteEmbedding: ({ digest }) => {
      encoded.delete(digest);
      seen.deleted.push(digest);
      return Promise.resolve({});
    },
    // A stream that fails before its first message has nothing to yield.
    // oxlint-disable-next-line eslint/require-yield
    readEmbedding: async function* () {
      throw new DomainError("embedding_not_found", "Cannot read the embedding as it is not kept");
    },
  });
  const diffusion = await startService(DiffusionDecoder, options);
  diffusion.open({
    describeModel: () =>
      seen.isReady
        ? Promise.resolve({ ...DESCRIPTION, preprocessing })
        : Promise.reject(new DomainError("unavailable", "Cannot describe it as it is loading")),
    forgetEmbedding: ({ digest }) => {
      seen.forgotten.push(digest);
      return Promise.resolve({});
    },
    generate: (request, context) => {
      seen.requests.push(request);
      return seen.script(request, context);
    },
  });
  const services = connectServices({
    visionAddress: `127.0.0.1:${await between(vision.port)}`,
    diffusionAddress: `127.0.0.1:${await between(diffusion.port)}`,
  });
  const preprocessor = new ImagePreprocessor({
    processes: 1,
    memoryBytes: 2 ** 31,
    timeoutMs: decoderTimeoutMs,
    queueBytes: decoderQueueBytes,
  });
  const push = (fields: object, event: string): void => void seen.logs.push({ event, fields });
  const log = { info: push, warn: push, error: push };
  const images = new ImageStore({
    preprocess: (...job) => preprocessor.preprocess(...job),
    services,
    remote: remoteCache(connection),
    notices: connection && sharedNotices(connection, DELETED_IMAGES, TTL_MS),
    log,
    maxImageBytes: MAX_IMAGE_BYTES,
    maxImagePixels: 20_000,
    cacheBytes: 1 << 20,
    ttlMs: TTL_MS,
    encodeTimeoutMs: 60_000,
  });
  const count = countTogether(connection && sharedCounts(connection), log);
  const registry = new Registry();
  const clientTokens = access.clientTokens ?? new ClientTokens(SECRET);
  const sources = {
    services,
    images,
    model: new ModelDescription(services.diffusion),
    metrics: gatewayMetrics(registry, () => ({
      decoderRestarts: preprocessor.losses,
      imageBytes: images.bytes,
    })),
    fetchImage,
    answerTimeoutMs,
    grantedImages: grantedImages(count),
    limits: tenantLimits(limits, count),
    price: new DecoderPrice(),
  };
  const questions = keptQuestions(sources, remoteCache(connection));
  const answers = new RunningAnswers(
    connection && new SharedAnswers(sharedLogs(connection), questions, holdMs),
  );
  const app = createApp({
    ...sources,
    log,
    maxImageBytes: MAX_IMAGE_BYTES,
    keepAliveMs,
    corsOrigins,
    answers,
    claims: connection && sharedClaims(connection),
    page,
    authenticate: createAuthenticate({
      apiKeys: undefined,
      readJsonWebToken: undefined,
      scopeOf: tenantScopes(SECRET),
      clientTokens,
      ...access,
    }),
    clientTokens,
    receipts: new DeletionReceipts(SECRET),
  });
  return {
    app,
    seen,
    registry,
    /** As if the vision service had been started anew. */
    forgetEmbeddings: () => encoded.clear(),
    isEncoded: (digest: string) => encoded.has(digest),
    stop: async () => {
      answers.close();
      await answers.drain();
      images.close();
      services.vision.close();
      services.diffusion.close();
      await Promise.all([preprocessor.close(), vision.drain(), diffusion.drain()]);
    },
  };
}

/** What the scripted decoder says of itself. */
const DESCRIPTION = {
  model: "phantom",
  modelDigest: "00",
  contextLength: 512,
  profiles: [Profile.EXACT, Profile.PREFIX],
  defaults: { profile: Profile.EXACT, genLength: 64 },
};
const SQUARE = { imageSize: 28, aspectRatio: "square", gridPinpoints: [] };

/** Says "Hello there" in two deltas. */
export const answerHello: Script = async function* (request) {
  yield {
    event: {
      case: "answerStart",
      value: {
        promptTokens: 7,
        imageRows: request.images.length * 4,
        profile: Profile.EXACT,
        genLength: 4,
        blockLength: 4,
        steps: 4,
        seed: 5n,
      },
    },
  };
  const tokens = [
    { position: 0, text: "Hello", confidence: 0.5, committed: true },
    { position: 1, text: " you", confidence: 0.25, committed: false },
  ];
  yield { event: { case: "blockDraft", value: { block: 0, tokens, forwardPasses: 1 } } };
  yield { event: { case: "textDelta", value: { text: "Hello" } } };
  yield { event: { case: "textDelta", value: { text: " there" } } };
  yield {
    event: {
      case: "answerEnd",
      value: { finishReason: FinishReason.STOP, completionTokens: 2, forwardPasses: 4 },
    },
  };
};

/** A small PNG of one colour. */
export async function drawPng(red: number, width = 8): Promise<Uint8Array<ArrayBuffer>> {
  const background = { r: red, g: 20, b: 30 };
  const png = await sharp({ create: { width, height: 8, channels: 3, background } })
    .png()
    .toBuffer();
  return new Uint8Array(png);
}

/** Bytes as a data URL. */
export function dataUrl(bytes: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`;
}
