import { IMAGE_PLACEHOLDER } from "@medv/model/merge_prompt";
import type { Tokenizer } from "@medv/model/tokenizer";
import { randomSource, type Random } from "@medv/phantoms/random";
import { conversationIds } from "./conversation_ids.ts";
import { floats, integers, type Feeds } from "./feeds.ts";
import type { ImageStore } from "./images/image_store.ts";
import type { RenderedImage } from "./images/rendered_image.ts";
import { IGNORE_LABEL, type Objective } from "./loss/language_loss.ts";
import { mergeLabels } from "./merge_labels.ts";
import { patchWords } from "./patch_words.ts";
import type { Sample } from "./samples/chat_sample.ts";
import { drawSample } from "./samples/draw_sample.ts";
import { hasParts, type SampleKind, type StageConfig } from "./stage_config.ts";
import { joined } from "./vision_batch.ts";

/** Length of a description's sequence beside its image, prompt included; a batch has one, which its descriptions fill. */
const DESCRIPTION_TOKENS = [90, 195] as const;

const MOST_TURNS = 3;

export type LanguageBatchOptions = {
  readonly stage: Pick<
    StageConfig,
    | "batch"
    | "images"
    | "glimpse"
    | "patchWords"
    | "mixture"
    | "lastAnswer"
    | "conversationMask"
    | "maskRate"
  >;
  readonly objective: Objective["type"];
  readonly imageSize: number;
  /** Rows that an image takes in the sequence. */
  readonly imageRows: number;
  readonly seed: string;
};

/**
 * The batch of a step, right-padded with eos in ids and labels.
 *
 * @see reference: pad = eos, and no attention mask
 */
export function languageBatch(
  store: ImageStore,
  tokenizer: Tokenizer,
  options: LanguageBatchOptions,
): Feeds {
  const { stage } = options;
  const glimpse = stage.images === "words" ? stage.glimpse : undefined;
  const imageRows = glimpse ?? options.imageRows;
  const random = randomSource(options.seed);
  const kind = pickKind(stage.mixture, random);
  const hasImage = stage.images !== "none";
  const sequenceWanted = imageRows + random.integer(...DESCRIPTION_TOKENS);
  // Alike for the whole batch, so that little of it is padding.
  const turns = random.integer(1, MOST_TURNS);
  const images = Array.from({ length: stage.batch }, () =>
    store.image(random.integer(0, store.count - 1)),
  );
  const samples = images.map(({ facts }) =>
    merged(
      drawSample(tokenizer, kind, facts, random, {
        image: hasImage,
        imageRows,
        turns,
        lastAnswer: stage.lastAnswer,
        sequence: hasImage ? sequenceWanted : sequenceWanted - imageRows,
      }),
      imageRows,
    ),
  );
  const sequence = Math.max(...samples.map(({ ids }) => ids.length));
  const padded = samples.map((sample) => padTo(sample, sequence, tokenizer.special.eos));
  const rows = options.objective === "diffusion" ? padded : padded.map(nextTokens(samples));

  const shape = [stage.batch, sequence];
  const flat = (pick: (sample: Sample) => readonly number[]): number[] => rows.flatMap(pick);
  const labels = flat((row) => row.labels);
  const targets = labels.flatMap((label, place) => (label === IGNORE_LABEL ? [] : [place]));
  return {
    token_ids: integers(
      shape,
      flat((row) => row.ids.map((id) => Math.max(id, 0))),
    ),
    labels: integers(shape, labels),
    positions: integers(shape, flat(positions)),
    targets: integers([targets.length], targets),
    ...(hasParts(stage) && {
      parts: integers(
        shape,
        flat(({ ids, parts }) => parts ?? ids.map(() => 0)),
      ),
    }),
    ...(hasImage && rowFeeds(rows, imageRows)),
    ...(stage.images === "pixels" && pixelFeeds(images, options)),
    ...((stage.images === "words" || stage.patchWords) &&
      patchWords(images, tokenizer, glimpse === undefined ? undefined : { rows: glimpse, random })),
    ...orderFeeds(padded, tokenizer, options),
    ...(options.objective === "diffusion" && draws(shape, stage.maskRate, random)),
  };
}

function pickKind(mixture: StageConfig["mixture"], random: Random): SampleKind {
  const kinds = Object.entries(mixture);
  let left = random.uniform() * kinds.reduce((sum, [, weight]) => sum + weight, 0);
  const found = kinds.find(([, weight]) => (left -= weight) <= 0) ?? kinds[0];
  // Keys of the mixture are sample kinds: the stage's file was checked.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (found?.[0] ?? "caption") as SampleKind;
}

/** The sample with its image rows in place; ids of image rows are {@link IMAGE_PLACEHOLDER}. */
function merged({ ids, labels, parts }: Sample, imageRows: number): Sample {
  const spread = (numbers: readonly number[]): readonly number[] =>
    numbers.flatMap((number, index) =>
      ids[index] === IMAGE_PLACEHOLDER ? Array.from({ length: imageRows }, () => number) : [number],
    );
  return {
    ids: spread(ids),
    labels: mergeLabels(ids, labels, [imageRows]),
    ...(parts !== undefined && { parts: spread(parts) }),
  };
}

/** Padding belongs to the last part. */
function padTo({ ids, labels, parts }: Sample, length: number, eos: number): Sample {
  const missing = { length: length - ids.length };
  const padding = Array.from(missing, () => eos);
  return {
    ids: [...ids, ...padding],
    labels: [...labels, ...padding],
    ...(parts !== undefined && {
      parts: [...parts, ...Array.from(missing, () => parts.at(-1) ?? 0)],
    }),
  };
}

/** Position ids; every part but the first goes on where part 0 ends. */
function positions({ ids, parts }: Sample): readonly number[] {
  if (parts === undefined) return [...ids.keys()];
  const common = parts.filter((part) => part === 0).length;
  let start = 0;
  return parts.map((part, index) => {
    if (part !== parts[index - 1]) start = part === 0 ? 0 : index - common;
    return index - start;
  });
}

/** Labels for a model that reads from left to right: the next token's, and none on padding. */
function nextTokens(unpadded: readonly Sample[]): (sample: Sample, index: number) => Sample {
  return ({ ids, labels, ...rest }, index) => {
    const length = unpadded[index]?.ids.length ?? 0;
    return {
      ...rest,
      ids,
      labels: labels.map((_, place) =>
        place + 1 < length ? (labels[place + 1] ?? IGNORE_LABEL) : IGNORE_LABEL,
      ),
    };
  };
}

/** Which image row stands at each position; -1 where none does. */
function rowFeeds(rows: readonly Sample[], imageRows: number): Feeds {
  const imageRow = rows.flatMap(({ ids }, sample) => {
    let next = sample * imageRows;
    return ids.map((id) => (id === IMAGE_PLACEHOLDER ? next++ : -1));
  });
  const shape = [rows.length, rows[0]?.ids.length ?? 0, 1];
  return {
    image_row: integers(shape, imageRow),
    image_weight: floats(
      shape,
      Float32Array.from(imageRow, (row) => (row < 0 ? 0 : 1)),
    ),
  };
}

function pixelFeeds(
  images: readonly RenderedImage[],
  { imageSize }: Pick<LanguageBatchOptions, "imageSize">,
): Feeds {
  const shape = [images.length, imageSize, imageSize, 3];
  return { pixels: { dtype: "uint8", shape, data: joined(images) } };
}

/** What each position may see: all that stands before it, or all of its own and earlier turns. */
function orderFeeds(
  rows: readonly Sample[],
  tokenizer: Tokenizer,
  { objective, stage }: LanguageBatchOptions,
): Feeds {
  const shape = [rows.length, rows[0]?.ids.length ?? 0];
  if (objective === "autoregressive") {
    return {
      order: integers(
        shape,
        rows.flatMap(({ ids }) => [...ids.keys()]),
      ),
    };
  }
  if (!stage.conversationMask) return {};
  const { startHeader, eot } = tokenizer.special;
  const [assistant = -1] = tokenizer.encodeText("assistant");
  const tokens = { startHeader, eot, assistant };
  return {
    order: integers(
      shape,
      rows.flatMap(({ labels }) => [...conversationIds(labels, tokens)]),
    ),
  };
}

/**
 * One masking probability a sample and one draw a position. The probabilities of a batch are spread evenly over their
 * range, each still uniform in it: less variance at no cost.
 *
 * @see {@link https://arxiv.org/abs/2107.00630 | Kingma et al. 2021}: low-discrepancy sampler
 */
function draws(
  shape: readonly number[],
  [low, high]: StageConfig["maskRate"],
  random: Random,
): Feeds {
  const [rows = 0, sequence = 0] = shape;
  const start = random.uniform();
  const t = Array.from({ length: rows }, (_, row) => (start + row / rows) % 1);
  const u = Float32Array.from({ length: rows * sequence }, () => random.uniform());
  return {
    t: floats(
      [rows],
      Float32Array.from(random.shuffle(t), (share) => low + (high - low) * share),
    ),
    u: floats(shape, u),
  };
}
