import { expect, test } from "vitest";
import { readModelConfig } from "./config.ts";

const PUBLISHED = {
  model_type: "llava_llada",
  vocab_size: 126464,
  hidden_size: 4096,
  intermediate_size: 12288,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 32,
  hidden_act: "silu",
  max_position_embeddings: 16384,
  mm_hidden_size: 1152,
  image_aspect_ratio: "anyres_max_4",
  mm_patch_merge_type: "spatial_unpad",
  image_grid_pinpoints: "(1x1),...,(6x6)",
};

test("readModelConfig() knows the published sizes where the configuration is silent", () => {
  const config = readModelConfig(PUBLISHED, "config.json");
  expect(config.vision).toMatchObject({ hiddenSize: 1152, layers: 26, imageSize: 384 });
  expect(config.language).toMatchObject({ headDim: 128, ropeTheta: 500000, normEpsilon: 1e-5 });
  expect(config.image.gridPinpoints).toHaveLength(36);
  expect(config.image.gridPinpoints[1]).toEqual([384, 768]);
});

test("readModelConfig() reads LLaDA's own key names", () => {
  const { language } = readModelConfig(
    {
      embedding_size: 100,
      d_model: 64,
      n_heads: 4,
      n_layers: 2,
      mlp_hidden_size: 128,
      max_sequence_length: 256,
    },
    "config.json",
  );
  expect(language).toMatchObject({ hiddenSize: 64, heads: 4, layers: 2, maxPositions: 256 });
});

test.each([
  ["hidden_act", "gelu", /hidden_act must be silu: current value is "gelu"/],
  ["rope_scaling", { type: "linear" }, /rope_scaling must be null/],
  ["attention_bias", true, /attention_bias must be false/],
  ["tie_word_embeddings", true, /tie_word_embeddings must be false/],
  ["num_key_value_heads", 8, /num_key_value_heads must be 32: current value is 8/],
  ["mm_projector_type", "linear", /mm_projector_type must be mlp2x_gelu/],
  [
    "mm_patch_merge_type",
    "maxpool",
    /mm_patch_merge_type must be flat or spatial or spatial_unpad/,
  ],
  [
    "image_aspect_ratio",
    "crop",
    /image_aspect_ratio must be square or pad or anyres or anyres_max_N/,
  ],
  ["mm_use_im_start_end", true, /mm_use_im_start_end must be false/],
  ["hidden_size", 0, /hidden_size must be an integer >= 1: current value is 0/],
  ["mm_hidden_size", 1024, /mm_hidden_size must be the vision tower's 1152/],
])("readModelConfig() refuses %s %j by name", (key, value, message) => {
  expect(() => readModelConfig({ ...PUBLISHED, [key]: value }, "config.json")).toThrow(message);
});
