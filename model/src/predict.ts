import type { DecoderInputs } from "./decoder_inputs.ts";
import { cast, int64s, scalar } from "./onnx/constants.ts";
import { Graph } from "./onnx/graph.ts";
import { anyLast, reduceLast, unsqueeze } from "./onnx/reduce.ts";
import type { Value } from "./onnx/value.ts";
import { filledLike } from "./places.ts";
import { pickToken, positionSeeds, uniform } from "./pick_token.ts";

/** What the network says of each query, `[rows, queries]` each; zeros where it was not asked. */
export type Prediction = {
  /** int64: the token that the position would take. */
  readonly token: Value;
  /** float32: its probability, or a uniform number with random remasking. */
  readonly confidence: Value;
  /** float32: entropy in nats. Another pass over the vocabulary, so it is written where a rule asks for it. */
  readonly entropy: (graph: Graph) => Value;
  /** float32: probability of given tokens, int64 `[rows, queries]`. */
  readonly probability: (graph: Graph, tokens: Value) => Value;
};

/** Hidden states that could be asked for logits, and which of them are. */
export type Queries = {
  /** float32 `[rows * queries, hidden]` */
  readonly hidden: Value;
  /** bool `[rows, queries]`: where logits are wanted; the LM head sees no other. */
  readonly wanted: Value;
  /** int64 `[rows, queries]`: places in the sequence, -1 for padding. */
  readonly places: Value;
};

/**
 * Logits of the wanted queries alone, and what follows from them.
 *
 * @param head Final norm and LM head: `[n, hidden]` → `[n, vocabulary]`.
 * @param step int64 `[]`, counted from the start of the run.
 */
export function predict(
  graph: Graph,
  { hidden, wanted, places }: Queries,
  options: {
    readonly inputs: DecoderInputs;
    readonly step: Value;
    readonly eotId: number;
    readonly vocabulary: number;
    readonly head: (hidden: Value) => Value;
  },
): Prediction {
  const { inputs, step, vocabulary, head } = options;
  const picked = pickQueries(graph, wanted, places);
  const asked = graph.op("Gather", [hidden, picked.flat], { attributes: { axis: 0 } });
  const guided = guide(graph, head(asked), picked, { inputs, places });
  const logits = suppress(graph, guided, picked, { ...options, places });

  const noiseSeed = (where: Graph): Value => {
    const steps = where.op("Add", [inputs.stepOffset, step]);
    return gatherFlat(where, positionSeeds(where, inputs.seed, steps, places), picked.flat);
  };
  const token = pickToken(graph, logits, {
    isHot: anyLast(graph, graph.op("Greater", [inputs.temperature, scalar(graph, "float32", 0)])),
    race: (where) => ({
      temperature: where.op("Gather", [inputs.temperature, picked.row]),
      noiseSeed: noiseSeed(where),
    }),
    vocabulary,
  });
  const total = reduceLast(graph, "ReduceLogSumExp", logits);
  const likely = probability(graph, logits, total, token);
  const spread = (where: Graph, value: Value): Value =>
    scatterFlat(where, places, picked.flat, value);
  return {
    token: spread(graph, token),
    confidence: spread(graph, orRandom(graph, likely, { inputs, picked, noiseSeed })),
    entropy: (where) => spread(where, entropyOf(where, logits, total)),
    probability: (where, tokens) =>
      spread(where, probability(where, logits, total, gatherFlat(where, tokens, picked.flat))),
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

function pickQueries(graph: Graph, wanted: Value, places: Value): PickedQueries {
  const found = graph.op("NonZero", [wanted], { shape: [2, "picked"] });
  const line = (index: number): Value =>
    graph.op("Gather", [found, scalar(graph, "int64", index)], { attributes: { axis: 0 } });
  const [row, column] = [line(0), line(1)];
  const width = graph.op("Gather", [graph.op("Shape", [places]), scalar(graph, "int64", 1)]);
  const flat = graph.op("Add", [graph.op("Mul", [row, width]), column]);
  return { flat, row, column, width };
}

/** With random remasking a number by chance stands for the confidence. */
function orRandom(
  graph: Graph,
  confidence: Value,
  options: {
    readonly inputs: DecoderInputs;
    readonly picked: PickedQueries;
    readonly noiseSeed: (graph: Graph) => Value;
  },
): Value {
  const { inputs, picked, noiseSeed } = options;
  const random = new Graph(graph);
  random.output(
    random.op("Where", [
      random.op("Gather", [inputs.randomRemasking, picked.row]),
      cast(random, uniform(random, noiseSeed(random)), "float32"),
      confidence,
    ]),
  );
  const same = new Graph(graph);
  same.output(same.op("Identity", [confidence]));
  return graph.op("If", [anyLast(graph, inputs.randomRemasking)], {
    graphs: { then_branch: random, else_branch: same },
    as: "remasking",
  });
}

/** Classifier-free guidance: `u + (scale + 1)(c - u)`; rows without it are their own partners. */
function guide(
  graph: Graph,
  logits: Value,
  picked: PickedQueries,
  { inputs, places }: { readonly inputs: DecoderInputs; readonly places: Value },
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
    [scatterFlat(guided, places, picked.flat, order), int64s(guided, [-1])],
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
  picked: PickedQueries,
  options: { readonly inputs: DecoderInputs; readonly places: Value; readonly eotId: number },
): Value {
  const ids = forbiddenIds(graph, options); // [rows * queries, forbidden + 1]
  const indices = graph.op("Gather", [ids, picked.flat], { attributes: { axis: 0 } });
  const updates = filledLike(graph, scalar(graph, "float32", -Infinity), indices);
  return graph.op("ScatterElements", [logits, indices, updates], { attributes: { axis: 1 } });
}

/** What each query must not say. Where the answer may end, a forbidden id stands twice in the place of eot. */
function forbiddenIds(
  graph: Graph,
  {
    inputs,
    places,
    eotId,
  }: { readonly inputs: DecoderInputs; readonly places: Value; readonly eotId: number },
): Value {
  const [rows = 1, count = 1] = inputs.forbidden.shape;
  const first = graph.op(
    "Slice",
    [inputs.forbidden, int64s(graph, [0]), int64s(graph, [1]), int64s(graph, [1])],
    { shape: [rows, 1] },
  );
  const early = graph.op("Less", [places, unsqueeze(graph, inputs.eotFrom, [1])]); // [rows, queries]
  const ending = graph.op("Where", [early, scalar(graph, "int64", eotId), first]);
  const length = graph.op("Gather", [graph.op("Shape", [inputs.forbidden]), int64s(graph, [1])]);
  const shape = graph.op("Concat", [graph.op("Shape", [places]), length], {
    attributes: { axis: 0 },
  });
  const always = graph.op("Expand", [unsqueeze(graph, inputs.forbidden, [1]), shape], {
    shape: [...places.shape, count],
  });
  const ids = graph.op("Concat", [always, unsqueeze(graph, ending, [2])], {
    attributes: { axis: 2 },
  });
  const width = graph.op("Gather", [graph.op("Shape", [ids]), int64s(graph, [2])]);
  const flat = graph.op("Concat", [int64s(graph, [-1]), width], { attributes: { axis: 0 } });
  return graph.op("Reshape", [ids, flat], { shape: ["rows*queries", "forbidden+1"] });
}

/** Softmax probability of a token each, without a softmax over the vocabulary. */
function probability(graph: Graph, logits: Value, total: Value, token: Value): Value {
  const chosen = graph.op("GatherElements", [logits, unsqueeze(graph, token, [1])], {
    attributes: { axis: 1 },
  });
  const logit = reduceLast(graph, "ReduceMax", chosen);
  return graph.op("Exp", [graph.op("Sub", [logit, total])]);
}

/** `lse - Σ p z` */
function entropyOf(graph: Graph, logits: Value, total: Value): Value {
  const p = graph.op("Exp", [graph.op("Sub", [logits, unsqueeze(graph, total, [1])])]);
  // A forbidden token has logit -inf and probability 0; their product would be NaN.
  const finite = graph.op("Max", [logits, scalar(graph, "float32", -1e30)]);
  const mean = reduceLast(graph, "ReduceSum", graph.op("Mul", [p, finite]));
  return graph.op("Sub", [total, mean]);
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
