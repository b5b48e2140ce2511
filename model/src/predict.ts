import type { DecoderInputs } from "./decoder_inputs.ts";
import { cast, int64s, scalar } from "./onnx/constants.ts";
import { Graph } from "./onnx/graph.ts";
import { anyLast, reduceLast, unsqueeze } from "./onnx/reduce.ts";
import type { Value } from "./onnx/value.ts";
import { pickToken, positionSeeds, uniform } from "./pick_token.ts";

/** What the network says of each query, `[rows, queries]` each; zeros where it was not asked. */
export type Prediction = {
  /** int64: the token that the position would take. */
  readonly token: Value;
  /** float32: its probability, or a uniform number with random remasking. */
  readonly confidence: Value;
  /** float32: entropy in nats, where a row's rule wants it. */
  readonly entropy: Value;
  /** float32: probability of the token that stands there now, or that is asked for. */
  readonly standing: Value;
};

/** Hidden states that could be asked for logits, and which of them are. */
export type Queries = {
  /** float32 `[rows * queries, hidden]` */
  readonly hidden: Value;
  /** bool `[rows, queries]`: where logits are wanted; the LM head sees no other. */
  readonly wanted: Value;
  /** int64 `[rows, queries]`: places in the sequence, -1 for padding. */
  readonly places: Value;
  /** int64 `[rows, queries]`: the tokens that stand there, or that are asked for. */
  readonly tokens: Value;
};

/**
 * Logits of the wanted queries alone, and what follows from them.
 *
 * @param head Final norm and LM head: `[n, hidden]` → `[n, vocabulary]`.
 * @param step int64 `[]`, counted from the start of the run.
 */
export function predict(
  graph: Graph,
  queries: Queries,
  options: {
    readonly inputs: DecoderInputs;
    readonly step: Value;
    readonly eotId: number;
    readonly vocabulary: number;
    readonly head: (hidden: Value) => Value;
  },
): Prediction {
  const { inputs, step, vocabulary, head } = options;
  const picked = pickQueries(graph, queries.wanted);
  const here = (value: Value): Value => gatherFlat(graph, value, picked.flat);
  const hidden = graph.op("Gather", [queries.hidden, picked.flat], { attributes: { axis: 0 } });
  const guided = guide(graph, head(hidden), picked, { inputs, queries });
  const logits = suppress(graph, guided, { picked, places: here(queries.places), ...options });

  const noiseSeed = here(
    positionSeeds(graph, inputs.seed, graph.op("Add", [inputs.stepOffset, step]), queries.places),
  );
  const perRow = (value: Value): Value => graph.op("Gather", [value, picked.row]);
  const token = pickToken(graph, logits, {
    temperature: perRow(inputs.temperature),
    noiseSeed,
    vocabulary,
  });
  const total = reduceLast(graph, "ReduceLogSumExp", logits);
  const confidence = graph.op("Where", [
    perRow(inputs.randomRemasking),
    cast(graph, uniform(graph, noiseSeed), "float32"),
    probability(graph, logits, total, token),
  ]);
  const spread = (value: Value): Value => scatterFlat(graph, queries.wanted, picked.flat, value);
  return {
    token: spread(token),
    confidence: spread(confidence),
    entropy: spread(entropyOf(graph, logits, total, inputs)),
    standing: spread(probability(graph, logits, total, here(queries.tokens))),
  };
}

/** The wanted queries one after another. */
type PickedQueries = {
  /** int64 `[picked]`: index into the flattened `[rows * queries]`. */
  readonly flat: Value;
  /** int64 `[picked]` */
  readonly row: Value;
  readonly column: Value;
  /** int64 `[]` */
  readonly width: Value;
};

function pickQueries(graph: Graph, wanted: Value): PickedQueries {
  const places = graph.op("NonZero", [wanted], { shape: [2, "picked"] });
  const line = (index: number): Value =>
    graph.op("Gather", [places, scalar(graph, "int64", index)], { attributes: { axis: 0 } });
  const [row, column] = [line(0), line(1)];
  const width = graph.op("Gather", [graph.op("Shape", [wanted]), scalar(graph, "int64", 1)]);
  const flat = graph.op("Add", [graph.op("Mul", [row, width]), column]);
  return { flat, row, column, width };
}

/** Classifier-free guidance: `u + (scale + 1)(c - u)`; rows without it are their own partners. */
function guide(
  graph: Graph,
  logits: Value,
  picked: PickedQueries,
  { inputs, queries }: { readonly inputs: DecoderInputs; readonly queries: Queries },
): Value {
  const guided = new Graph(graph);
  // Partners have the same positions covered, so a partner's query was picked too.
  const count = guided.op("Gather", [
    guided.op("Shape", [picked.flat]),
    scalar(guided, "int64", 0),
  ]);
  const order = guided.op(
    "Range",
    [scalar(guided, "int64", 0), count, scalar(guided, "int64", 1)],
    { shape: picked.flat.shape },
  );
  const orders = guided.op(
    "Reshape",
    [scatterFlat(guided, queries.wanted, picked.flat, order), int64s(guided, [-1])],
    { shape: ["rows*queries"] },
  );
  const partner = (rows: Value): Value => {
    const row = guided.op("Gather", [rows, picked.row]);
    const flat = guided.op("Add", [guided.op("Mul", [row, picked.width]), picked.column]);
    const place = guided.op("Gather", [orders, flat]);
    return guided.op("Gather", [logits, place], { attributes: { axis: 0 } });
  };
  const unconditional = partner(inputs.unconditional);
  const scale = guided.op("Add", [
    guided.op("Gather", [inputs.cfgScale, picked.row]),
    scalar(guided, "float32", 1),
  ]);
  const difference = guided.op("Sub", [partner(inputs.conditional), unconditional]);
  guided.output(
    guided.op("Add", [
      unconditional,
      guided.op("Mul", [unsqueeze(guided, scale, [1]), difference]),
    ]),
  );
  const plain = new Graph(graph);
  plain.output(plain.op("Identity", [logits]));
  const any = anyLast(graph, graph.op("Greater", [inputs.cfgScale, scalar(graph, "float32", 0)]));
  return graph.op("If", [any], {
    graphs: { then_branch: guided, else_branch: plain },
    as: "guided",
  });
}

/** Forbidden ids, and eot where the answer may not end yet, get -inf, so they have no probability either. */
function suppress(
  graph: Graph,
  logits: Value,
  options: {
    readonly inputs: DecoderInputs;
    readonly picked: PickedQueries;
    readonly places: Value;
    readonly eotId: number;
  },
): Value {
  const { inputs, picked } = options;
  const ids = graph.op("Gather", [inputs.forbidden, picked.row], { attributes: { axis: 0 } }); // [picked, forbidden]
  const first = graph.op(
    "Slice",
    [ids, int64s(graph, [0]), int64s(graph, [1]), int64s(graph, [1])],
    {
      shape: [picked.row.shape[0] ?? 1, 1],
    },
  );
  const early = graph.op("Less", [
    options.places,
    graph.op("Gather", [inputs.eotFrom, picked.row]),
  ]);
  const eot = graph.op("Where", [
    unsqueeze(graph, early, [1]),
    scalar(graph, "int64", options.eotId),
    first,
  ]);
  const indices = graph.op("Concat", [ids, eot], { attributes: { axis: 1 } });
  const updates = graph.op(
    "Expand",
    [scalar(graph, "float32", -Infinity), graph.op("Shape", [indices])],
    { shape: indices.shape },
  );
  return graph.op("ScatterElements", [logits, indices, updates], { attributes: { axis: 1 } });
}

/** Softmax probability of a token each, without a softmax over the vocabulary. */
function probability(graph: Graph, logits: Value, total: Value, token: Value): Value {
  const chosen = graph.op("GatherElements", [logits, unsqueeze(graph, token, [1])], {
    attributes: { axis: 1 },
  });
  const logit = reduceLast(graph, "ReduceMax", chosen);
  return graph.op("Exp", [graph.op("Sub", [logit, total])]);
}

/** `lse - Σ p z`: another pass over the vocabulary, so only where a row's rule asks for it. */
function entropyOf(graph: Graph, logits: Value, total: Value, inputs: DecoderInputs): Value {
  const asked = new Graph(graph);
  const p = asked.op("Exp", [asked.op("Sub", [logits, unsqueeze(asked, total, [1])])]);
  // A forbidden token has logit -inf and probability 0; their product would be NaN.
  const finite = asked.op("Max", [logits, scalar(asked, "float32", -1e30)]);
  const mean = reduceLast(asked, "ReduceSum", asked.op("Mul", [p, finite]));
  asked.output(asked.op("Sub", [total, mean]));
  const plain = new Graph(graph);
  plain.output(plain.op("Mul", [total, scalar(plain, "float32", 0)]));
  const any = anyLast(
    graph,
    graph.op("GreaterOrEqual", [inputs.entropy, scalar(graph, "float32", 0)]),
  );
  return graph.op("If", [any], {
    graphs: { then_branch: asked, else_branch: plain },
    as: "entropy",
  });
}

function gatherFlat(graph: Graph, value: Value, flat: Value): Value {
  const line = graph.op("Reshape", [value, int64s(graph, [-1])], { shape: ["rows*queries"] });
  return graph.op("Gather", [line, flat], { attributes: { axis: 0 } });
}

/** Zeros of the shape of `like` with one update at each picked place. */
function scatterFlat(graph: Graph, like: Value, flat: Value, updates: Value): Value {
  const zeros = graph.op(
    "Expand",
    [
      scalar(graph, updates.dtype === "int64" ? "int64" : "float32", 0),
      graph.op("Shape", [
        graph.op("Reshape", [like, int64s(graph, [-1])], { shape: ["rows*queries"] }),
      ]),
    ],
    { shape: ["rows*queries"] },
  );
  const written = graph.op("ScatterElements", [zeros, flat, updates], { attributes: { axis: 0 } });
  return graph.op("Reshape", [written, graph.op("Shape", [like])], { shape: like.shape });
}
