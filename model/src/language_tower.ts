import type { ModelConfig } from "./config.ts";
import { attention, keptAttention, type KeyValue } from "./layers/attention.ts";
import { linear } from "./layers/linear.ts";
import { rmsNorm } from "./layers/norms.ts";
import { rotaryEmbedding, type RotaryTable } from "./layers/rotary_embedding.ts";
import type { Weights } from "./layers/weights.ts";
import { cast, int64s } from "./onnx/constants.ts";
import type { Graph } from "./onnx/graph.ts";
import type { Value } from "./onnx/value.ts";

type LanguageConfig = ModelConfig["language"];

/** The positions that one pass of the tower feeds, and what they may see. */
export type TowerPass = {
  /** int64 `[rows, tokens]`, counted from the start of the merged sequence. */
  readonly positions: Value;
  /** int64 `[3]`: rows, tokens, hidden. */
  readonly shape: Value;
  /** Added to the attention scores, `[rows, 1, tokens, keys]`; absent where every position sees every other. */
  readonly bias?: Value;
  readonly rotary: RotaryTable;
  /** Kept keys and values of every layer that stand before this pass's own. */
  readonly past?: readonly KeyValue[];
};

/**
 * LLaDA's transformer: LLaMA-shaped, bias-free, and without a causal mask.
 *
 * @param x `[rows * tokens, hidden]`
 * @returns The last layer's output before the final norm, `[rows * tokens, hidden]`, and what a later pass takes as its
 * past; nothing of a pass that has one itself.
 * @see {@link https://arxiv.org/abs/2502.09992 | Nie et al. 2025}, §2
 */
export function languageTower(
  graph: Graph,
  weights: Weights,
  x: Value,
  pass: TowerPass,
  config: LanguageConfig,
): { readonly hidden: Value; readonly keyValues: readonly KeyValue[] } {
  const keyValues: KeyValue[] = [];
  let hidden = x;
  for (let layer = 0; layer < config.layers; layer++) {
    const input = hidden;
    hidden = graph.scope(`layers.${layer}`, () => {
      const result = decoderLayer(graph, weights, input, pass, { config, layer });
      if (result.kept !== undefined) keyValues.push(result.kept);
      return result.hidden;
    });
  }
  return { hidden, keyValues };
}

/**
 * Final norm and LM head.
 *
 * @param hidden `[n, hidden]`
 * @param vocabulary Logits per row; fewer than the stored rows cuts the table to the tokenizer's size.
 * @returns float32 `[n, vocabulary]`
 */
export function languageHead(
  graph: Graph,
  weights: Weights,
  hidden: Value,
  config: LanguageConfig,
  vocabulary: number,
): Value {
  const norm = weights.parameter("model.norm.weight", [config.hiddenSize]);
  const normed = rmsNorm(graph, hidden, norm, config.normEpsilon, "final_norm");
  const logits = linear(graph, weights, normed, "lm_head", {
    in: config.hiddenSize,
    out: vocabulary,
    bias: false,
  });
  return cast(graph, logits, "float32");
}

function decoderLayer(
  graph: Graph,
  weights: Weights,
  x: Value,
  pass: TowerPass,
  { config, layer }: { readonly config: LanguageConfig; readonly layer: number },
): { readonly hidden: Value; readonly kept: KeyValue | undefined } {
  const { hiddenSize, intermediateSize, heads, normEpsilon } = config;
  const name = `model.layers.${layer}`;
  const square = { in: hiddenSize, out: hiddenSize, bias: false };
  const [rows = 1, tokens = 1] = pass.positions.shape;
  const flatRows = x.shape[0] ?? 1;

  const inputNorm = weights.parameter(`${name}.input_layernorm.weight`, [hiddenSize]);
  const h = rmsNorm(graph, x, inputNorm, normEpsilon, "input_layernorm");
  const project = (part: string): Value =>
    graph.op(
      "Reshape",
      [linear(graph, weights, h, `${name}.self_attn.${part}`, square), pass.shape],
      {
        shape: [rows, tokens, hiddenSize],
      },
    );
  const [q, k, v] = [project("q_proj"), project("k_proj"), project("v_proj")];
  const rotary = { table: pass.rotary, heads };
  const query = rotaryEmbedding(graph, q, pass.positions, { ...rotary, as: "q_rope" });
  const key = rotaryEmbedding(graph, k, pass.positions, { ...rotary, as: "k_rope" });

  const past = pass.past?.[layer];
  const options = { heads, ...(pass.bias !== undefined && { bias: pass.bias }) };
  const { attended, kept } =
    past === undefined
      ? keptAttention(graph, query, key, v, options)
      : { attended: attention(graph, query, key, v, { ...options, past }), kept: undefined };
  const flat = graph.op("Reshape", [attended, int64s(graph, [-1, hiddenSize])], {
    shape: [flatRows, hiddenSize],
  });
  const y = graph.op("Add", [x, linear(graph, weights, flat, `${name}.self_attn.o_proj`, square)]);

  const postNorm = weights.parameter(`${name}.post_attention_layernorm.weight`, [hiddenSize]);
  const z = rmsNorm(graph, y, postNorm, normEpsilon, "post_attention_layernorm");
  const wide = { in: hiddenSize, out: intermediateSize, bias: false };
  const gate = linear(graph, weights, z, `${name}.mlp.gate_proj`, wide);
  const silu = graph.op("Mul", [gate, graph.op("Sigmoid", [gate])]);
  const up = graph.op("Mul", [silu, linear(graph, weights, z, `${name}.mlp.up_proj`, wide)]);
  const down = linear(graph, weights, up, `${name}.mlp.down_proj`, {
    in: intermediateSize,
    out: hiddenSize,
    bias: false,
  });
  return {
    hidden: graph.op("Add", [y, down], { as: "hidden" }),
    kept,
  };
}
