/**
 * A vision and a diffusion service that do no work: what is measured of a gateway before them is the gateway and gRPC. A
 * process of its own, which says when it is ready.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { DiffusionDecoder, FinishReason, Profile } from "@medv/proto/diffusion";
import { DataType } from "@medv/proto/embedding";
import { VisionEncoder } from "@medv/proto/vision";
import { createLogger, NO_REMOTE_CACHE, startService } from "@medv/runtime";
import { embeddingStore } from "@medv/vision/embedding_store";
import { createReadEmbedding } from "@medv/vision/read_embedding";
import { EMBEDDING, PACE_MS, STEPS } from "./figures.ts";

const logger = createLogger({ service: "stub", level: "warn" });
const store = embeddingStore({ maxBytes: 64 << 20, ttlSeconds: 3600, remote: NO_REMOTE_CACHE });
store.keep(EMBEDDING.digest, {
  ...EMBEDDING,
  preprocessingVersion: "1",
  dtype: DataType.FLOAT16,
  bytes: randomBytes(EMBEDDING.shape.reduce((all, each) => all * each, 2)),
});

const { MEDV_VISION_ADDRESS: visionAddress = "", MEDV_DIFFUSION_ADDRESS: diffusionAddress = "" } =
  process.env;
const vision = await startService(VisionEncoder, {
  address: visionAddress,
  addressVariable: "MEDV_VISION_ADDRESS",
  logger,
});
vision.open({
  encode: ({ tenantScope, preprocessingVersion, tiles }) => {
    const expiresAt = { seconds: BigInt(Math.floor(Date.now() / 1000) + 3600) };
    const shape = [tiles, ...EMBEDDING.shape.slice(1)];
    const digest = EMBEDDING.digest;
    const handle = { digest, shape, tenantScope, preprocessingVersion, expiresAt };
    return Promise.resolve({ handle, cached: false });
  },
  readEmbedding: createReadEmbedding(store, "stub"),
  deleteEmbedding: () => Promise.resolve({}),
});

const diffusion = await startService(DiffusionDecoder, {
  address: diffusionAddress,
  addressVariable: "MEDV_DIFFUSION_ADDRESS",
  logger,
});
diffusion.open({
  describeModel: () =>
    Promise.resolve({
      model: "stub",
      modelDigest: "00",
      contextLength: 4096,
      profiles: [Profile.EXACT],
      defaults: { profile: Profile.EXACT, genLength: 64 },
      preprocessing: { imageSize: 384, aspectRatio: "square", gridPinpoints: [] },
    }),
  forgetEmbedding: () => Promise.resolve({}),
  // One step at once for whoever asks for one token; for others a step now and then.
  async *generate({ settings }) {
    const isShort = settings?.genLength === 1;
    yield { event: { case: "answerStart", value: { profile: Profile.EXACT, genLength: STEPS } } };
    for (let step = 0; step < (isShort ? 1 : STEPS); step++) {
      if (!isShort) await sleep(PACE_MS);
      const tokens = Array.from({ length: 32 }, (_, position) => ({
        position,
        text: " word",
        confidence: 0.5,
        committed: position < step,
      }));
      yield { event: { case: "blockDraft", value: { block: 0, tokens, forwardPasses: step + 1 } } };
      yield { event: { case: "textDelta", value: { text: `${step} ` } } };
    }
    yield { event: { case: "answerEnd", value: { finishReason: FinishReason.STOP } } };
  },
});
process.stdout.write("stub-ready\n");
