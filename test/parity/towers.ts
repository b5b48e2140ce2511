import { openCheckpoint } from "@medv/model/checkpoint";
import { languageHead, languageTower } from "@medv/model/language_tower";
import { rotaryTable } from "@medv/model/layers/rotary_embedding";
import { checkpointWeights, commonFolder } from "@medv/model/layers/weights";
import { rmsNorm } from "@medv/model/layers/norms";
import { cast, int64s, scalar } from "@medv/model/onnx/constants";
import { Graph } from "@medv/model/onnx/graph";
import type { Value } from "@medv/model/onnx/value";
import { projector } from "@medv/model/projector";
import { visionTower } from "@medv/model/vision_tower";
import { compareNumbers, type Report } from "./check.ts";
import type { Oracle, OracleConfig } from "./oracle.ts";
import { openGraph } from "./run_graph.ts";

const ACTIVATIONS = 2e-4;
const WEIGHT_FILES = ["weights_f32.safetensors", "weights_bf16.safetensors"] as const;

/** Vision tower and projector, with both weight files. */
export async function checkVision(oracle: Oracle, report: Report): Promise<void> {
  const tensors = await oracle.tensors("vision.safetensors");
  for (const file of WEIGHT_FILES.filter((name) => oracle.has(name))) {
    const checkpoint = await openCheckpoint(oracle.directory, { file });
    const graph = new Graph();
    const folder = commonFolder(checkpoint.visionFiles);
    const weights = checkpointWeights(graph, checkpoint, folder);
    const { vision } = checkpoint.config;
    const pixels = graph.input("pixel_values", "float32", [
      "tiles",
      3,
      vision.imageSize,
      vision.imageSize,
    ]);
    const features = visionTower(graph, weights, pixels, vision);
    const flat = graph.op("Reshape", [features, int64s(graph, [-1, vision.hiddenSize])], {
      shape: ["image_tokens", vision.hiddenSize],
    });
    const outputs: Record<string, Value> = {
      embeddings: graph.value("vision.embeddings"),
      tower_features: features,
      projected: projector(graph, weights, flat, checkpoint.config),
    };
    for (let layer = 0; layer < vision.layers; layer++) {
      outputs[`hidden_after_layer${layer}`] = graph.value(`vision.layers.${layer}.hidden`);
    }
    for (const [name, value] of Object.entries(outputs)) graph.output(value, `out.${name}`);
    const run = await openGraph({ bytes: graph.toBytes(), folder });
    const given = tensors("pixel_values");
    const results = await run({
      pixel_values: { dtype: "float32", shape: given.shape, data: given.data },
    });
    for (const name of Object.keys(outputs)) {
      const actual = results[`out.${name}`]?.data as Float32Array;
      report.check(
        `vision ${name} (${file})`,
        compareNumbers(actual, tensors(name).data, ACTIVATIONS),
      );
    }
  }
}

/** The text-only forward with its inner activations, and the forward over a merged prompt. */
export async function checkLanguage(oracle: Oracle, report: Report): Promise<void> {
  for (const file of WEIGHT_FILES.filter((name) => oracle.has(name))) {
    const run = await openLanguageGraph(oracle, file);
    if (oracle.has("lm_text.safetensors")) {
      const tensors = await oracle.tensors("lm_text.safetensors");
      const [, sequence = 0] = tensors("input_ids").shape;
      const results = await run(tensors("hidden_states_0").data as Float32Array, sequence);
      for (const name of Object.keys(results)) {
        const actual = name.endsWith("_rope")
          ? splitHeads(results[name] ?? new Float32Array(), tensors(name).shape)
          : (results[name] ?? new Float32Array());
        report.check(
          `lm_text ${name} (${file})`,
          compareNumbers(actual, tensors(name).data, ACTIVATIONS),
        );
      }
    }
    for (const [source, input, hidden, logits] of [
      ["mixed_flat.safetensors", "inputs_embeds", "final_hidden", "logits"],
      ["sampler_step0.safetensors", "inputs_embeds", undefined, "logits_before_suppression"],
    ] as const) {
      if (!oracle.has(source)) continue;
      const tensors = await oracle.tensors(source);
      const embeds = tensors(input);
      const results = await run(embeds.data as Float32Array, embeds.shape[1] ?? 0);
      if (hidden !== undefined) {
        report.check(
          `${source} ${hidden} (${file})`,
          compareNumbers(results[finalName(results)] ?? [], tensors(hidden).data, ACTIVATIONS),
        );
      }
      report.check(
        `${source} ${logits} (${file})`,
        compareNumbers(results["logits"] ?? [], tensors(logits).data, ACTIVATIONS),
      );
    }
  }
}

/** The largest `hidden_states_N`: after the final norm. */
function finalName(results: Readonly<Record<string, Float32Array>>): string {
  const numbers = Object.keys(results)
    .filter((name) => name.startsWith("hidden_states_"))
    .map((name) => Number(name.slice("hidden_states_".length)));
  return `hidden_states_${Math.max(...numbers)}`;
}

async function openLanguageGraph(
  oracle: Oracle,
  file: string,
): Promise<(embeds: Float32Array, sequence: number) => Promise<Record<string, Float32Array>>> {
  const checkpoint = await openCheckpoint(oracle.directory, { file });
  const { vocab_size: vocabulary } = await oracle.json<OracleConfig>("config.json");
  const { language } = checkpoint.config;
  const graph = new Graph();
  const folder = commonFolder(checkpoint.files);
  const weights = checkpointWeights(graph, checkpoint, folder);
  const embeds = graph.input("inputs_embeds", "float32", ["sequence", language.hiddenSize]);
  const positions = graph.input("positions", "int64", [1, "sequence"]);
  const shape = graph.op(
    "Concat",
    [graph.op("Shape", [positions]), int64s(graph, [language.hiddenSize])],
    { attributes: { axis: 0 } },
  );
  const square = graph.op(
    "Concat",
    [
      int64s(graph, [1, 1]),
      graph.op("Slice", [graph.op("Shape", [positions]), int64s(graph, [1]), int64s(graph, [2])], {
        shape: [1],
      }),
      graph.op("Slice", [graph.op("Shape", [positions]), int64s(graph, [1]), int64s(graph, [2])], {
        shape: [1],
      }),
    ],
    { attributes: { axis: 0 } },
  );
  const bias = graph.op("Expand", [scalar(graph, "float32", 0), square], {
    shape: [1, 1, "sequence", "sequence"],
  });
  const rotary = rotaryTable(graph, {
    positions: language.maxPositions,
    headDim: language.headDim,
    theta: language.ropeTheta,
  });
  const { hidden } = languageTower(
    graph,
    weights,
    embeds,
    { positions, shape, bias, rotary },
    language,
  );
  const norm = rmsNorm(
    graph,
    hidden,
    weights.parameter("model.norm.weight", [language.hiddenSize]),
    language.normEpsilon,
    "parity_norm",
  );
  const outputs: Record<string, Value> = {
    layer0_input_layernorm: graph.value("layers.0.input_layernorm"),
    layer0_q_proj: graph.value("layers.0.q_proj"),
    layer0_k_proj: graph.value("layers.0.k_proj"),
    layer0_v_proj: graph.value("layers.0.v_proj"),
    layer0_q_rope: graph.value("layers.0.q_rope"),
    layer0_k_rope: graph.value("layers.0.k_rope"),
    layer0_attn_out: graph.value("layers.0.o_proj"),
    layer0_mlp_out: graph.value("layers.0.down_proj"),
    [`hidden_states_${language.layers}`]: norm,
    logits: languageHead(graph, weights, hidden, language, vocabulary),
  };
  for (let layer = 1; layer < language.layers; layer++) {
    outputs[`hidden_states_${layer}`] = graph.value(`layers.${layer - 1}.hidden`);
  }
  for (const [name, value] of Object.entries(outputs))
    graph.output(cast(graph, value, "float32"), `out.${name}`);
  const run = await openGraph({ bytes: graph.toBytes(), folder });
  return async (data, sequence) => {
    const results = await run({
      inputs_embeds: { dtype: "float32", shape: [sequence, language.hiddenSize], data },
      positions: {
        dtype: "int64",
        shape: [1, sequence],
        data: BigInt64Array.from({ length: sequence }, (_, index) => BigInt(index)),
      },
    });
    return Object.fromEntries(
      Object.keys(outputs).map((name) => [name, results[`out.${name}`]?.data as Float32Array]),
    );
  };
}

/** `[1, sequence, heads * head_dim]` → `[1, heads, sequence, head_dim]` */
function splitHeads(data: Float32Array, shape: readonly number[]): Float32Array {
  const [, heads = 1, sequence = 1, headDim = 1] = shape;
  return Float32Array.from({ length: data.length }, (_, index) => {
    const inside = index % headDim;
    const position = Math.floor(index / headDim) % sequence;
    const head = Math.floor(index / headDim / sequence);
    return data[position * heads * headDim + head * headDim + inside] ?? NaN;
  });
}
