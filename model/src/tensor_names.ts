import type { ModelConfig } from "./config.ts";

/** Where a LLaDA-MedV checkpoint keeps the vision tower; a SigLIP2 checkpoint has only the last part. */
export const VISION_PREFIX = "model.vision_tower.vision_tower.vision_model.";

/** The learned vector that ends a row of an image map. */
export const IMAGE_NEWLINE = "model.image_newline";

/** Shapes by name; `undefined` for the first axis leaves the number of vocabulary rows open. */
export type TensorShapes = ReadonlyMap<string, readonly (number | undefined)[]>;

/** Every tensor that the language tower and the projector need. */
export function languageTensors({ language, vision, image }: ModelConfig): TensorShapes {
  const { hiddenSize: d, intermediateSize: ff } = language;
  const shapes = new Map<string, readonly (number | undefined)[]>([
    ["model.embed_tokens.weight", [undefined, d]],
    ["model.norm.weight", [d]],
    ["lm_head.weight", [undefined, d]],
    ["model.mm_projector.0.weight", [d, vision.hiddenSize]],
    ["model.mm_projector.0.bias", [d]],
    ["model.mm_projector.2.weight", [d, d]],
    ["model.mm_projector.2.bias", [d]],
  ]);
  for (let layer = 0; layer < language.layers; layer++) {
    const name = `model.layers.${layer}`;
    for (const part of ["q", "k", "v", "o"])
      shapes.set(`${name}.self_attn.${part}_proj.weight`, [d, d]);
    shapes.set(`${name}.mlp.gate_proj.weight`, [ff, d]);
    shapes.set(`${name}.mlp.up_proj.weight`, [ff, d]);
    shapes.set(`${name}.mlp.down_proj.weight`, [d, ff]);
    shapes.set(`${name}.input_layernorm.weight`, [d]);
    shapes.set(`${name}.post_attention_layernorm.weight`, [d]);
  }
  if (image.mergeType.includes("unpad")) shapes.set(IMAGE_NEWLINE, [d]);
  return shapes;
}

/** Every tensor that the vision tower needs; the source's last layer and its pooling head are not among them. */
export function visionTensors({ vision }: ModelConfig): TensorShapes {
  const { hiddenSize: d, intermediateSize: ff, patchSize, imageSize } = vision;
  const side = Math.floor(imageSize / patchSize);
  const shapes = new Map<string, readonly number[]>([
    [`${VISION_PREFIX}embeddings.patch_embedding.weight`, [d, 3, patchSize, patchSize]],
    [`${VISION_PREFIX}embeddings.patch_embedding.bias`, [d]],
    [`${VISION_PREFIX}embeddings.position_embedding.weight`, [side * side, d]],
  ]);
  for (let layer = 0; layer < vision.layers; layer++) {
    const name = `${VISION_PREFIX}encoder.layers.${layer}`;
    for (const part of ["layer_norm1", "layer_norm2"]) {
      shapes.set(`${name}.${part}.weight`, [d]).set(`${name}.${part}.bias`, [d]);
    }
    for (const part of ["q", "k", "v", "out"]) {
      shapes.set(`${name}.self_attn.${part}_proj.weight`, [d, d]);
      shapes.set(`${name}.self_attn.${part}_proj.bias`, [d]);
    }
    shapes.set(`${name}.mlp.fc1.weight`, [ff, d]).set(`${name}.mlp.fc1.bias`, [ff]);
    shapes.set(`${name}.mlp.fc2.weight`, [d, ff]).set(`${name}.mlp.fc2.bias`, [d]);
  }
  return shapes;
}

/**
 * LLaDA's own name of a tensor in the naming that we use; other names come back unchanged. Inside a block `ff_out` is
 * the down-projection, outside it is the LM head.
 */
export function canonicalName(name: string): string {
  if (name.startsWith("vision_model.")) return VISION_PREFIX + name.slice("vision_model.".length);
  const outside = OUTSIDE[name];
  if (outside !== undefined) return outside;
  const block = /^model\.transformer\.blocks\.(\d+)\.(\w+)\.weight$/.exec(name);
  const part = BLOCK[block?.[2] ?? ""];
  return block === null || part === undefined ? name : `model.layers.${block[1]}.${part}.weight`;
}

const OUTSIDE: Readonly<Record<string, string>> = {
  "model.transformer.wte.weight": "model.embed_tokens.weight",
  "model.transformer.ln_f.weight": "model.norm.weight",
  "model.transformer.ff_out.weight": "lm_head.weight",
};

const BLOCK: Readonly<Record<string, string>> = {
  q_proj: "self_attn.q_proj",
  k_proj: "self_attn.k_proj",
  v_proj: "self_attn.v_proj",
  attn_out: "self_attn.o_proj",
  ff_proj: "mlp.gate_proj",
  up_proj: "mlp.up_proj",
  ff_out: "mlp.down_proj",
  attn_norm: "input_layernorm",
  ff_norm: "post_attention_layernorm",
};
