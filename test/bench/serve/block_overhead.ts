import { decoderFeeds, rowResults } from "@medv/diffusion/decoder_feeds";
import type { DecoderRow } from "@medv/diffusion/decoder_row";
import { denoise } from "@medv/diffusion/denoise";
import { resolveSettings } from "@medv/diffusion/resolve_settings";
import { blockDecoderModel } from "@medv/model/block_decoder";
import { chatPrompt } from "@medv/model/chat_prompt";
import { openCheckpoint } from "@medv/model/checkpoint";
import { mergePrompt } from "@medv/model/merge_prompt";
import { loadTokenizer } from "@medv/model/tokenizer";
import { create } from "@bufbuild/protobuf";
import { DiffusionDecoder, GenerationSettingsSchema, Profile, Role } from "@medv/proto/diffusion";
import { createClient } from "@medv/proto/grpc";
import { InferenceSession, Tensor } from "onnxruntime-node";

const QUESTION = "Describe a chest X-ray in detail.";
/** One forward pass a run, and 32 runs: what is measured is a run's way, not its work. */
const SETTINGS = { profile: Profile.EXACT, genLength: 32, minTokens: 32 } as const;
const { signal } = new AbortController();

/** The same answer in both ways, in milliseconds a run. */
export type BlockOverhead = {
  /** The graph run in this thread, without service, worker thread and wire. */
  readonly bare: () => Promise<number>;
  /** Asked of the diffusion service by gRPC. */
  readonly served: () => Promise<number>;
};

/** @param address Of a running diffusion service with this checkpoint. */
export async function blockOverhead(checkpoint: string, address: string): Promise<BlockOverhead> {
  const [run, request] = await openBare(checkpoint);
  const client = createClient(DiffusionDecoder, address);
  const { model } = await client.describeModel({}, { signal });
  const content = { case: "text", value: QUESTION } as const;
  return {
    bare: async () => {
      const startedAt = performance.now();
      for await (const end of denoise(run, request, signal)) void end;
      return (performance.now() - startedAt) / SETTINGS.genLength;
    },
    served: async () => {
      const startedAt = performance.now();
      const messages = [{ role: Role.USER, parts: [{ content }] }];
      const events = client.generate({ model, messages, settings: SETTINGS }, { signal });
      for await (const event of events) void event;
      return (performance.now() - startedAt) / SETTINGS.genLength;
    },
  };
}

async function openBare(directory: string) {
  const checkpoint = await openCheckpoint(directory);
  const tokenizer = await loadTokenizer(directory);
  const { special } = tokenizer;
  const { bytes, folder } = blockDecoderModel(checkpoint, {
    vocabulary: tokenizer.size,
    maskId: special.mask,
    eotId: special.eot,
    contextLength: checkpoint.config.language.maxPositions,
  });
  const session = await InferenceSession.create(bytes, {
    extra: { session: { model_external_initializers_file_folder_path: folder } },
    logSeverityLevel: 3,
  });
  const run = async (row: DecoderRow) => {
    const feeds = Object.entries(decoderFeeds([row], special.mask)).map(
      ([name, { dtype, data, shape }]) => [name, new Tensor(dtype, data as never, shape)] as const,
    );
    const outputs = Object.entries(await session.run(Object.fromEntries(feeds))).map(
      ([name, { type, dims, data }]) => [name, { dtype: type, shape: dims, data }] as const,
    );
    const [result] = rowResults(Object.fromEntries(outputs) as never, [row]);
    if (result === undefined) throw new RangeError("Cannot find the result of the row");
    return result;
  };
  const ids = chatPrompt(tokenizer, [{ role: "user", text: QUESTION, images: 0 }], {
    systemPrompt: "general",
    keepImageNewline: false,
  });
  const request = {
    prompt: mergePrompt(ids, [], { offsets: [], taps: 1 }),
    embeddings: {
      data: new Float32Array(),
      tokens: 0,
      hidden: checkpoint.config.vision.hiddenSize,
    },
    settings: resolveSettings(create(GenerationSettingsSchema, SETTINGS), tokenizer, () => 1),
    maskId: special.mask,
  };
  return [run, request] as const;
}
