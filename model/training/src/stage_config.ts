import { readFile } from "node:fs/promises";

/** The kinds of samples that a language stage mixes; their weights need not add up to 1. */
export const SAMPLE_KINDS = [
  "caption",
  "dialogue",
  "concise",
  "quiz",
  "plain_quiz",
  "comparison",
  "comparison_quiz",
  "dialogue_quiz",
  "follow_up_quiz",
  "plain_comparison",
  "description",
] as const;
export type SampleKind = (typeof SAMPLE_KINDS)[number];

const IMAGE_KINDS = ["none", "words", "pixels"] as const;

/** One stage of training, as its file says. */
export type StageConfig = {
  readonly name: string;
  readonly task: "vision" | "language";
  /** Parts of the network that learn; the others stand still. */
  readonly trains: readonly ("vision" | "projector" | "language")[];
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
  /** Share of the steps over which the learning rate rises from 0. */
  readonly warmup: number;
  /** Language stages only. */
  /**
   * What stands in the place of an image: nothing, the words of what lies in each patch, or the image itself as the vision
   * tower and the projector give it.
   */
  readonly images: (typeof IMAGE_KINDS)[number];
  /**
   * With words only: so many patches stand for the image, one of each kind among them, and the rest is left out. What is
   * asked for is found sooner among few.
   */
  readonly glimpse: number | undefined;
  /** The projected image rows are also pulled towards the words of their patches. */
  readonly patchWords: boolean;
  /** Turns see only their own and earlier ones: a later question often gives an earlier answer away. */
  readonly conversationMask: boolean;
  /**
   * Of a conversation only the last answer is learnt, and all sees all: what the model meets when it answers. Published
   * training learns all answers at once, and later questions give earlier answers away.
   */
  readonly lastAnswer: boolean;
  /**
   * Range of the masking probability, published as [0, 1]. A narrower one keeps the gradient's variance down, as weights
   * go with 1/p.
   *
   * @see {@link https://arxiv.org/abs/2503.09573 | Arriola et al. 2025}: clipped noise schedules
   */
  readonly maskRate: readonly [low: number, high: number];
  readonly mixture: Readonly<Partial<Record<SampleKind, number>>>;
};

/** Kinds of samples that are several chats about one image. */
const QUIZ_KINDS = ["quiz", "comparison_quiz", "dialogue_quiz", "follow_up_quiz"] as const;
export type QuizKind = (typeof QUIZ_KINDS)[number];

/** Kinds of samples that have parts. */
const PART_KINDS = [...QUIZ_KINDS, "plain_quiz", "plain_comparison"] as const;

/** Whether samples of the kind are several chats about one image, each a part. */
export function isQuizKind(kind: SampleKind): kind is QuizKind {
  const kinds: readonly SampleKind[] = QUIZ_KINDS;
  return kinds.includes(kind);
}

/** Whether some of a stage's samples have parts that do not see one another. */
export function hasParts({ mixture }: Pick<StageConfig, "mixture">): boolean {
  return PART_KINDS.some((kind) => mixture[kind] !== undefined);
}

/**
 * Reads a stage's JSON file.
 *
 * @throws {RangeError} Naming file, key, rule and value.
 */
export async function readStageConfig(path: string): Promise<StageConfig> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new RangeError(`Cannot read stage "${path}" as there is no such file`, { cause: error });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new RangeError(`Cannot read stage "${path}" as it must be JSON`, { cause: error });
  }
  const keys = new Map<string, unknown>(Object.entries(json ?? {}));
  const refuse = (key: string, rule: string): never => {
    throw new RangeError(
      `Cannot read stage "${path}" as ${key} must be ${rule}: current value is ${JSON.stringify(keys.get(key))}`,
    );
  };
  const number = (key: string, rule: string, fits: (value: number) => boolean): number => {
    const value = keys.get(key);
    return typeof value === "number" && fits(value) ? value : refuse(key, rule);
  };
  const flag = (key: string): boolean => {
    const value = keys.get(key) ?? false;
    return typeof value === "boolean" ? value : refuse(key, "true or false");
  };
  const task = keys.get("task");
  if (task !== "vision" && task !== "language") return refuse("task", '"vision" or "language"');
  const name = keys.get("name");
  if (typeof name !== "string") return refuse("name", "a text");
  const trains = keys.get("trains");
  if (!isParts(trains)) return refuse("trains", "a list of vision, projector, language");
  const wanted = keys.get("images") ?? "none";
  const images = IMAGE_KINDS.find((kind) => kind === wanted);
  if (images === undefined) return refuse("images", IMAGE_KINDS.join(", "));
  const mixture = keys.get("mixture") ?? {};
  if (!isMixture(mixture) || (task === "language" && Object.keys(mixture).length === 0)) {
    return refuse("mixture", `weights of ${SAMPLE_KINDS.join(", ")}`);
  }
  const maskRate = keys.get("mask_rate") ?? [0, 1];
  if (!isMaskRate(maskRate)) return refuse("mask_rate", "two numbers, 0 <= low < high <= 1");
  return {
    name,
    task,
    trains,
    steps: number("steps", "an integer >= 1", whole),
    batch: number("batch", "an integer >= 1", whole),
    learningRate: number("learning_rate", "a number > 0", (value) => value > 0),
    warmup: number("warmup", "a number from 0 to 1", (value) => value >= 0 && value <= 1),
    images,
    glimpse: keys.has("glimpse") ? number("glimpse", "an integer >= 1", whole) : undefined,
    patchWords: flag("patch_words"),
    lastAnswer: flag("last_answer"),
    conversationMask: flag("conversation_mask"),
    maskRate,
    mixture,
  };
}

function whole(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}

function isMaskRate(value: unknown): value is StageConfig["maskRate"] {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [low, high]: readonly unknown[] = value;
  return typeof low === "number" && typeof high === "number" && low >= 0 && low < high && high <= 1;
}

function isParts(value: unknown): value is StageConfig["trains"] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((part) => part === "vision" || part === "projector" || part === "language")
  );
}

function isMixture(value: unknown): value is StageConfig["mixture"] {
  const kinds: readonly string[] = SAMPLE_KINDS;
  return (
    typeof value === "object" &&
    value !== null &&
    Object.entries(value).every(
      ([kind, weight]) => kinds.includes(kind) && typeof weight === "number" && weight > 0,
    )
  );
}
