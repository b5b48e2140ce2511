import type { ModelConfig } from "./config.ts";
import type { DecoderInputs } from "./decoder_inputs.ts";
import type { Weights } from "./layers/weights.ts";
import { cast, int64s, scalar } from "./onnx/constants.ts";
import type { Graph } from "./onnx/graph.ts";
import { anyLast, unsqueeze } from "./onnx/reduce.ts";
import type { Value } from "./onnx/value.ts";
import { projector } from "./projector.ts";
import { IMAGE_NEWLINE } from "./tensor_names.ts";

/** Token embeddings, with image rows (projected here) in their places. */
export function mergeImageRows(
  graph: Graph,
  weights: Weights,
  config: ModelConfig,
  inputs: Pick<DecoderInputs, "tokenIds" | "embedding" | "imageRow" | "imageWeight">,
  { newline, vocabulary }: { readonly newline: boolean; readonly vocabulary: number },
): Value {
  const embedding = cast(graph, inputs.embedding, weights.dtype);
  const imageRows = projector(graph, weights, embedding, config);
  const { hiddenSize } = config.language;
  return placeImageRows(
    graph,
    weights,
    { ...inputs, imageRows },
    { newline, vocabulary, hiddenSize },
  );
}

/**
 * Token embeddings, with rows that are in the language tower's own space already in their places.
 *
 * @param inputs.imageRows `[image_tokens, hidden]`; the others as in `DecoderInputs`.
 * @returns `[rows, sequence, hidden]`
 */
export function placeImageRows(
  graph: Graph,
  weights: Weights,
  inputs: Pick<DecoderInputs, "tokenIds" | "imageRow" | "imageWeight"> & {
    readonly imageRows: Value;
  },
  options: {
    /** The checkpoint has an `image_newline`. */
    readonly newline: boolean;
    readonly vocabulary: number;
    readonly hiddenSize: number;
  },
): Value {
  const { newline, vocabulary, hiddenSize } = options;
  const last = newline
    ? graph.op(
        "Reshape",
        [weights.parameter(IMAGE_NEWLINE, [hiddenSize]), int64s(graph, [1, hiddenSize])],
        { shape: [1, hiddenSize] },
      )
    : cast(
        graph,
        graph.constant("no_newline", "float32", [1, hiddenSize], new Float32Array(hiddenSize)),
        weights.dtype,
      );
  const table = graph.op("Concat", [inputs.imageRows, last], { attributes: { axis: 0 } });
  const newlineRow = graph.op("Gather", [
    graph.op("Shape", [inputs.imageRows]),
    scalar(graph, "int64", 0),
  ]);
  const minusTwo = scalar(graph, "int64", -2);
  const row = graph.op("Where", [
    graph.op("Equal", [inputs.imageRow, minusTwo]),
    newlineRow,
    graph.op("Max", [inputs.imageRow, scalar(graph, "int64", 0)]),
  ]);
  const taps = graph.op("Gather", [table, row], { attributes: { axis: 0 } }); // [rows, sequence, taps, hidden]
  const weight = cast(graph, inputs.imageWeight, weights.dtype);
  const weighted = graph.op("Mul", [taps, unsqueeze(graph, weight, [3])]);
  const image = graph.op("ReduceSum", [weighted, int64s(graph, [2])], {
    attributes: { keepdims: 0 },
    shape: ["rows", "sequence", hiddenSize],
  });
  const isImage = anyLast(
    graph,
    graph.op("Not", [graph.op("Equal", [inputs.imageRow, scalar(graph, "int64", -1)])]),
  );
  return graph.op(
    "Where",
    [
      unsqueeze(graph, isImage, [2]),
      image,
      embedTokens(graph, weights, inputs.tokenIds, { vocabulary, hiddenSize }),
    ],
    { as: "inputs_embeds" },
  );
}

/** Rows of the embedding table, `[...tokens, hidden]`; only what is read is cast. */
export function embedTokens(
  graph: Graph,
  weights: Weights,
  tokenIds: Value,
  size: { readonly vocabulary: number; readonly hiddenSize: number },
): Value {
  const table = weights.stored("model.embed_tokens.weight", [size.vocabulary, size.hiddenSize]);
  const rows = graph.op("Gather", [table, tokenIds], { attributes: { axis: 0 } });
  return cast(graph, rows, weights.dtype);
}
