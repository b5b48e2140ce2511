/** What a LLaDA-MedV `config.json` says, in our words. */
export type ModelConfig = {
  readonly language: {
    readonly vocabSize: number;
    readonly hiddenSize: number;
    readonly intermediateSize: number;
    readonly layers: number;
    readonly heads: number;
    readonly headDim: number;
    readonly normEpsilon: number;
    readonly ropeTheta: number;
    readonly maxPositions: number;
  };
  readonly vision: {
    readonly hiddenSize: number;
    readonly intermediateSize: number;
    /** That run: the source's count minus one. */
    readonly layers: number;
    readonly heads: number;
    /** Side of a tile in pixels. */
    readonly imageSize: number;
    readonly patchSize: number;
    readonly normEpsilon: number;
    /** Path or id of the tower's own checkpoint. */
    readonly source: string | undefined;
  };
  readonly image: {
    /** "square", "pad", "anyres" or "anyres_max_N". */
    readonly aspectRatio: string;
    readonly mergeType: "flat" | "spatial" | "spatial_unpad";
    /** Admissible sizes of the tile grid in pixels, width and height. */
    readonly gridPinpoints: readonly (readonly [number, number])[];
  };
  readonly torchDtype: "float32" | "float16" | "bfloat16";
  /** Longest merged sequence that the checkpoint was made for, when it says so. */
  readonly maxLength: number | undefined;
};

/**
 * Reads a checkpoint's configuration. Keys that nothing here depends on are left alone; a known key with a value that
 * this network does not have is refused.
 *
 * @param source Path, for error texts.
 * @throws {RangeError} Naming the key, its value and what is supported.
 */
export function readModelConfig(json: unknown, source: string): ModelConfig {
  const keys = new ConfigReader(json, source);
  for (const [key, supported] of Object.entries(FIXED)) keys.fixed(key, supported);
  const hiddenSize = keys.count("hidden_size", "d_model");
  const heads = keys.count("num_attention_heads", "n_heads");
  keys.fixed("num_key_value_heads", [heads]);
  keys.fixed("n_kv_heads", [heads]);
  if (hiddenSize % heads !== 0) {
    throw new RangeError(
      `Cannot read "${source}" as hidden_size must be a multiple of num_attention_heads: current values are ${hiddenSize} and ${heads}`,
    );
  }
  const vision = readVision(keys);
  const mmHiddenSize = keys.count("mm_hidden_size", undefined, vision.hiddenSize);
  if (mmHiddenSize !== vision.hiddenSize) {
    throw new RangeError(
      `Cannot read "${source}" as mm_hidden_size must be the vision tower's ${vision.hiddenSize}: current value is ${mmHiddenSize}`,
    );
  }
  return {
    language: {
      vocabSize: keys.count("vocab_size", "embedding_size"),
      hiddenSize,
      intermediateSize: keys.count("intermediate_size", "mlp_hidden_size"),
      layers: keys.count("num_hidden_layers", "n_layers"),
      heads,
      headDim: hiddenSize / heads,
      normEpsilon: keys.number("rms_norm_eps", 1e-5),
      ropeTheta: keys.number("rope_theta", 500000),
      maxPositions: keys.count("max_position_embeddings", "max_sequence_length"),
    },
    vision,
    image: readImage(keys, vision.imageSize),
    torchDtype: keys.oneOf("torch_dtype", ["float32", "float16", "bfloat16"], "bfloat16"),
    maxLength: keys.has("tokenizer_model_max_length")
      ? keys.count("tokenizer_model_max_length")
      : undefined,
  };
}

/** Keys with a single supported value each (or a few that mean the same to us). */
const FIXED: Readonly<Record<string, readonly unknown[]>> = {
  model_type: ["llava_llada", "llada"],
  hidden_act: ["silu"],
  rope_scaling: [null],
  attention_bias: [false],
  tie_word_embeddings: [false],
  mm_projector_type: ["mlp2x_gelu"],
  mm_resampler_type: [null],
  mm_use_im_start_end: [false],
  mm_use_im_patch_token: [false],
  mm_newline_position: ["grid"],
  mm_vision_select_feature: ["patch"],
  use_mm_proj: [true],
  add_faster_video: [false],
};

function readVision(keys: ConfigReader): ModelConfig["vision"] {
  const source = keys.has("mm_vision_tower") ? keys.text("mm_vision_tower") : undefined;
  const key = keys.has("vision_config") ? "vision_config" : "vision_config_tiny";
  if (!keys.has(key)) return { ...SO400M, source };
  const vision = keys.object(key);
  vision.fixed("hidden_act", ["gelu_pytorch_tanh"]);
  vision.fixed("num_channels", [3]);
  return {
    hiddenSize: vision.count("hidden_size"),
    intermediateSize: vision.count("intermediate_size"),
    layers: vision.count("num_hidden_layers") - 1,
    heads: vision.count("num_attention_heads"),
    imageSize: vision.count("image_size"),
    patchSize: vision.count("patch_size"),
    normEpsilon: vision.number("layer_norm_eps", 1e-6),
    source,
  };
}

/** google/siglip2-so400m-patch14-384, the published tower; its 27th layer does not run. */
const SO400M = {
  hiddenSize: 1152,
  intermediateSize: 4304,
  layers: 26,
  heads: 16,
  imageSize: 384,
  patchSize: 14,
  normEpsilon: 1e-6,
} as const;

function readImage(keys: ConfigReader, imageSize: number): ModelConfig["image"] {
  const aspectRatio = keys.has("image_aspect_ratio") ? keys.text("image_aspect_ratio") : "square";
  if (!/^(square|pad|anyres|anyres_max_[1-9]\d*)$/.test(aspectRatio)) {
    keys.refuse("image_aspect_ratio", aspectRatio, ["square", "pad", "anyres", "anyres_max_N"]);
  }
  return {
    aspectRatio,
    mergeType: keys.oneOf("mm_patch_merge_type", ["flat", "spatial", "spatial_unpad"], "flat"),
    gridPinpoints: aspectRatio.startsWith("anyres") ? readPinpoints(keys, imageSize) : [],
  };
}

/** A list of `[width, height]` in pixels, or "(1x1),...,(6x6)" in tiles. */
function readPinpoints(keys: ConfigReader, imageSize: number): (readonly [number, number])[] {
  const value = keys.raw("image_grid_pinpoints");
  if (typeof value === "string") {
    const range = /^\((\d+)x(\d+)\),\.\.\.,\((\d+)x(\d+)\)$/.exec(value.replaceAll(" ", ""));
    if (range !== null) {
      const [fromW = 1, fromH = 1, toW = 1, toH = 1] = range.slice(1).map(Number);
      const sizes: (readonly [number, number])[] = [];
      for (let w = fromW; w <= toW; w++) {
        for (let h = fromH; h <= toH; h++) sizes.push([w * imageSize, h * imageSize]);
      }
      return sizes;
    }
  } else if (Array.isArray(value) && value.length > 0) {
    return value.map((pair: unknown) => {
      const [width, height] = Array.isArray(pair) ? (pair as unknown[]) : [];
      if (typeof width !== "number" || typeof height !== "number") {
        return keys.refuse("image_grid_pinpoints", value, ["[[width, height], ...]"]);
      }
      return [width, height] as const;
    });
  }
  return keys.refuse("image_grid_pinpoints", value, ["[[width, height], ...]", "(1x1),...,(6x6)"]);
}

/** Typed look-ups whose errors name the key. */
class ConfigReader {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #source: string;
  readonly #prefix: string;

  constructor(json: unknown, source: string, prefix = "") {
    if (typeof json !== "object" || json === null || Array.isArray(json)) {
      throw new RangeError(`Cannot read "${source}" as ${prefix || "it"} must be a JSON object`);
    }
    this.#values = Object.fromEntries(Object.entries(json));
    this.#source = source;
    this.#prefix = prefix;
  }

  has(key: string): boolean {
    return this.#values[key] !== undefined;
  }

  raw(key: string): unknown {
    return this.#values[key];
  }

  object(key: string): ConfigReader {
    return new ConfigReader(this.#values[key], this.#source, `${this.#prefix}${key}.`);
  }

  fixed(key: string, supported: readonly unknown[]): void {
    const value = this.#values[key];
    if (value !== undefined && !supported.includes(value)) this.refuse(key, value, supported);
  }

  count(key: string, alias?: string, fallback?: number): number {
    const value = this.#values[key] ?? (alias === undefined ? undefined : this.#values[alias]);
    if (value === undefined && fallback !== undefined) return fallback;
    if (typeof value !== "number" || !Number.isInteger(value) || value < 1) {
      return this.refuse(key, value, ["an integer >= 1"]);
    }
    return value;
  }

  number(key: string, fallback: number): number {
    const value = this.#values[key] ?? fallback;
    if (typeof value !== "number" || !(value > 0)) return this.refuse(key, value, ["a number > 0"]);
    return value;
  }

  text(key: string): string {
    const value = this.#values[key];
    return typeof value === "string" ? value : this.refuse(key, value, ["a text"]);
  }

  oneOf<const T extends string>(key: string, supported: readonly T[], fallback: T): T {
    const value = this.#values[key] ?? fallback;
    return supported.find((option) => option === value) ?? this.refuse(key, value, supported);
  }

  refuse(key: string, value: unknown, supported: readonly unknown[]): never {
    const list = supported.map((option) =>
      typeof option === "string" ? option : JSON.stringify(option),
    );
    throw new RangeError(
      `Cannot read "${this.#source}" as ${this.#prefix}${key} must be ${list.join(" or ")}: current value is ${JSON.stringify(value)}`,
    );
  }
}
