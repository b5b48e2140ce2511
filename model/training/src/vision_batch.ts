import type { Tokenizer } from "@medv/model/tokenizer";
import {
  DENSE_CLASSES,
  MODALITIES,
  SEVERITIES,
  SIDES,
  SIZES,
  type Finding,
  type PhantomFacts,
} from "@medv/phantoms/phantom";
import { randomSource, type Random } from "@medv/phantoms/random";
import { caption } from "@medv/phantoms/text/captions";
import { NOT_A_PHANTOM } from "@medv/phantoms/text/not_a_phantom";
import { floats, integers, type Feeds } from "./feeds.ts";
import type { ImageStore } from "./images/image_store.ts";
import { PATCH_CLASSES, type RenderedImage } from "./images/rendered_image.ts";
import type { PatchTask } from "./loss/vision_loss.ts";

/** What every patch is asked: what lies there, and about the finding that does. */
export const PATCH_TASKS: readonly PatchTask[] = [
  { name: "class", classes: PATCH_CLASSES.length },
  { name: "side", classes: SIDES.length },
  { name: "count", classes: 4 },
  { name: "size", classes: SIZES.length },
  { name: "severity", classes: SEVERITIES.length },
];

/** A patch with a finding counts as much as this many without: findings are few and small. */
const FINDING_WEIGHT = 4;

/** The batch of a step: drawn by seed and step alone, so that a resumed run sees the same. */
export function visionBatch(
  store: ImageStore,
  tokenizer: Pick<Tokenizer, "encodeText">,
  options: { readonly imageSize: number; readonly batch: number; readonly seed: string },
): Feeds {
  const random = randomSource(options.seed);
  const images = Array.from({ length: options.batch }, () =>
    store.image(random.integer(0, store.count - 1)),
  );
  const patches = images.reduce((sum, image) => sum + image.patches.length, 0);
  const targets = PATCH_TASKS.map(() => new Float64Array(patches));
  const weights = PATCH_TASKS.map(() => new Float32Array(patches));
  images
    .flatMap(({ patches: classes, facts }) => Array.from(classes, (index) => ({ index, facts })))
    .forEach(({ index, facts }, patch) => {
      patchAnswers(index, facts).forEach((answer, task) => {
        const [target, weight] = [targets[task], weights[task]];
        if (answer === undefined || target === undefined || weight === undefined) return;
        target[patch] = answer;
        weight[patch] = task === 0 && index >= FIRST_FINDING ? FINDING_WEIGHT : 1;
      });
    });
  return {
    pixels: {
      dtype: "uint8",
      shape: [images.length, options.imageSize, options.imageSize, 3],
      data: joined(images),
    },
    ...Object.fromEntries(
      PATCH_TASKS.flatMap(({ name }, task) => [
        [`${name}_target`, integers([patches], targets[task] ?? [])],
        [`${name}_weight`, floats([patches], weights[task] ?? new Float32Array())],
      ]),
    ),
    ...captions(images, tokenizer, random),
    pairs: floats(
      [images.length, images.length],
      Float32Array.from(
        images.flatMap(({ facts }) =>
          images.map((other) => (sameFacts(facts, other.facts) ? 1 : -1)),
        ),
      ),
    ),
  };
}

/** Pixels of all images in one piece, uint8 `[images, size, size, 3]`. */
export function joined(images: readonly RenderedImage[]): Uint8Array {
  const [first] = images;
  const pixels = new Uint8Array(images.length * (first?.pixels.length ?? 0));
  images.forEach((image, index) => pixels.set(image.pixels, index * image.pixels.length));
  return pixels;
}

const FIRST_FINDING = 1 + MODALITIES.length;

/** The answer to each task for one patch; undefined where the task asks nothing. */
function patchAnswers(
  index: number,
  facts: PhantomFacts | undefined,
): readonly (number | undefined)[] {
  const finding = facts?.findings.find(({ kind }) => kind === DENSE_CLASSES[index]);
  return [index, ...(finding === undefined ? [] : attributes(finding))];
}

function attributes({ side, count, size, severity }: Finding): readonly (number | undefined)[] {
  return [
    side === undefined ? undefined : SIDES.indexOf(side),
    count === undefined ? undefined : count - 1,
    size === undefined ? undefined : SIZES.indexOf(size),
    severity === undefined ? undefined : SEVERITIES.indexOf(severity),
  ];
}

function captions(
  images: readonly RenderedImage[],
  tokenizer: Pick<Tokenizer, "encodeText">,
  random: Random,
): Feeds {
  const ids = images.map(({ facts }) =>
    tokenizer.encodeText(facts === undefined ? NOT_A_PHANTOM : caption(facts, random)),
  );
  const words = Math.max(...ids.map(({ length }) => length));
  const padded = ids.flatMap((each) => Array.from({ length: words }, (_, i) => each[i] ?? 0));
  const weights = ids.flatMap((each) =>
    Array.from({ length: words }, (_, i) => (i < each.length ? 1 / each.length : 0)),
  );
  return {
    caption_ids: integers([images.length, words], padded),
    caption_weight: floats([images.length, words], Float32Array.from(weights)),
  };
}

function sameFacts(left: PhantomFacts | undefined, right: PhantomFacts | undefined): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
