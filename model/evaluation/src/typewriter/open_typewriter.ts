import { decodeImage } from "@medv/gateway/image/decode_image";
import { preprocessPixels } from "@medv/gateway/image/preprocess_pixels";
import { chatPrompt } from "@medv/model/chat_prompt";
import { openCheckpoint, type Checkpoint } from "@medv/model/checkpoint";
import { imageRows } from "@medv/model/image_rows";
import { mergePrompt, type MergedPrompt } from "@medv/model/merge_prompt";
import { loadTokenizer, type Tokenizer } from "@medv/model/tokenizer";
import { readFile } from "node:fs/promises";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Answerer, AnswerRequest, System } from "../answerers/answerer.ts";
import { nextTokenModel } from "./next_token_model.ts";

/** Length of an answer when none is asked for; the served model's default. */
const GEN_LENGTH = 64;
const LIMITS = { maxImageBytes: 20e6, maxImagePixels: 1e8 };

/**
 * Opens an autoregressive checkpoint: greedy, one token after the other. It runs in this process, for the service knows
 * diffusion alone.
 */
export async function openTypewriter(directory: string): Promise<System> {
  const checkpoint = await openCheckpoint(directory);
  const tokenizer = await loadTokenizer(directory);
  const { bytes, folder } = nextTokenModel(checkpoint, tokenizer.size);
  const session = await InferenceSession.create(bytes, {
    logSeverityLevel: 3,
    extra: { session: { model_external_initializers_file_folder_path: folder } },
  });
  return {
    name: "typewriter",
    identity: checkpoint.digest,
    answer: answererOf(session, checkpoint, tokenizer),
  };
}

function answererOf(
  session: InferenceSession,
  checkpoint: Checkpoint,
  tokenizer: Tokenizer,
): Answerer {
  const { special } = tokenizer;
  const forbidden = ids([
    special.eos,
    special.bos,
    special.startHeader,
    special.endHeader,
    special.mask,
  ]);
  return async (request, signal) => {
    const { pixels, prompt } = await open(request, checkpoint, tokenizer);
    const most = request.genLength ?? GEN_LENGTH;
    const written: number[] = [];
    const startedAt = performance.now();
    let isFinished = false;
    while (written.length < most && !isFinished) {
      signal.throwIfAborted();
      const { next_token: next } = await session.run({
        pixels,
        forbidden,
        ...sequenceFeeds(prompt, written),
      });
      const token = Number(next?.data[0]);
      isFinished = token === special.eot;
      if (!isFinished) written.push(token);
    }
    return {
      text: tokenizer.decode(Int32Array.from(written)).trim(),
      usage: {
        forwardPasses: written.length + (isFinished ? 1 : 0),
        completionTokens: written.length,
        elapsedMs: performance.now() - startedAt,
      },
      finishReason: isFinished ? "stop" : "length",
    };
  };
}

async function open(
  { image, turns }: AnswerRequest,
  checkpoint: Checkpoint,
  tokenizer: Tokenizer,
): Promise<{ readonly pixels: Tensor; readonly prompt: MergedPrompt }> {
  const { vision, image: settings } = checkpoint.config;
  const size = vision.imageSize;
  const side = Math.floor(size / vision.patchSize);
  const messages = turns.map(({ role, text }, index) => ({
    role,
    text,
    images: index === 0 && image !== undefined ? 1 : 0,
  }));
  const prompt = chatPrompt(tokenizer, messages, {
    systemPrompt: "general",
    keepImageNewline: false,
  });
  if (image === undefined) {
    return {
      pixels: new Tensor("uint8", new Uint8Array(size * size * 3), [1, size, size, 3]),
      prompt: mergePrompt(prompt, [], { offsets: [], taps: 1 }),
    };
  }
  const decoded = await decodeImage(await readFile(image), LIMITS);
  const tiled = preprocessPixels(decoded, { imageSize: size, ...settings });
  return {
    pixels: new Tensor("uint8", tiled.pixels, [tiled.tiles, size, size, 3]),
    prompt: mergePrompt(prompt, [imageRows(tiled, side, settings)], { offsets: [0], taps: 1 }),
  };
}

function sequenceFeeds(prompt: MergedPrompt, written: readonly number[]): Record<string, Tensor> {
  const tokens = [...prompt.tokenIds, ...written];
  const none = written.map(() => 0);
  const shape = [1, tokens.length, 1];
  return {
    token_ids: new Tensor("int64", BigInt64Array.from(tokens, BigInt), [1, tokens.length]),
    image_row: new Tensor(
      "int64",
      BigInt64Array.from([...prompt.imageRow, ...none.map(() => -1)], BigInt),
      shape,
    ),
    image_weight: new Tensor("float32", Float32Array.of(...prompt.imageWeight, ...none), shape),
  };
}

function ids(values: readonly number[]): Tensor {
  return new Tensor("int64", BigInt64Array.from(values, BigInt), [values.length]);
}
