import { openCheckpoint } from "@medv/model/checkpoint";
import { Graph } from "@medv/model/onnx/graph";
import { conversationIds } from "@medv/training/conversation_ids";
import { languageLoss } from "@medv/training/loss/language_loss";
import { momentName, MOMENTS, nextName, OPTIMIZER } from "@medv/training/optimizer";
import { parameterInputs } from "@medv/training/parameters";
import { compareIds, compareNumbers, type Report } from "./check.ts";
import type { Oracle } from "./oracle.ts";
import { openGraph, type Feed } from "./run_graph.ts";
import {
  openStep,
  readParameters,
  places,
  float,
  ids,
  number,
  slice,
  rowsOf,
  type TrainConfig,
} from "./training_step.ts";

const ACTIVATIONS = 2e-4;
const LOSS = 1e-5;
const GRADIENTS = { relative: 1e-3, absolute: 1e-5 };

type TrainJson = {
  readonly train_step: {
    readonly loss: number;
    readonly total_grad_norm: number;
    readonly grad_norms: Readonly<Record<string, number>>;
  };
  readonly train_loop: {
    readonly log: readonly { readonly loss: number; readonly grad_norm_before_clip: number }[];
  };
};

/** One forward and backward pass: masks, merged batch, logits, loss and every gradient. */
export async function checkTrainStep(oracle: Oracle, report: Report): Promise<void> {
  const tensors = await oracle.tensors("train_step.safetensors");
  const { train_step: expected } = await oracle.json<TrainJson>("train.json");
  const step = await openStep(oracle, { trainsVision: true, steps: false });
  const results = await step.run({
    ...step.parameters,
    t: float(tensors("t")),
    u: float(tensors("u")),
  });
  const output = (name: string): Feed["data"] => results[name]?.data ?? new Float32Array();

  report.check(
    "train_step masked_indices",
    compareIds(numbers(output("masked")), tensors("masked_indices").data),
  );
  report.check(
    "train_step p_mask",
    compareNumbers(numbers(output("probability")), tensors("p_mask").data, 1e-7),
  );
  report.check("train_step merged_labels", compareIds(step.labels, tensors("merged_labels").data));
  report.check(
    "train_step merged_inputs_embeds",
    compareNumbers(numbers(output("embeds")), tensors("merged_inputs_embeds").data, ACTIVATIONS),
  );
  report.check(
    "train_step logits",
    compareNumbers(numbers(output("logits")), rowsOf(tensors("logits"), step.targets), ACTIVATIONS),
  );
  const [loss = NaN] = numbers(output("loss"));
  report.check("train_step loss", relative(loss, expected.loss, LOSS));
  let squares = 0;
  for (const [name, norm] of Object.entries(expected.grad_norms)) {
    const actual = numbers(output(`gradient.${name}`));
    const own = Math.hypot(...chunkNorms(actual));
    squares += own * own;
    report.check(
      `train_step norm of ${name}`,
      relative(own, norm, GRADIENTS.relative, GRADIENTS.absolute),
    );
  }
  report.check(
    "train_step total gradient norm",
    relative(Math.sqrt(squares), expected.total_grad_norm, GRADIENTS.relative),
  );
  for (const name of await oracle.names("train_step.safetensors")) {
    if (!name.startsWith("grad.")) continue;
    const actual = numbers(output(`gradient.${name.slice("grad.".length)}`));
    report.check(`train_step ${name}`, compareGradients(actual, tensors(name).data));
  }
}

/** The same loss under the mask that keeps earlier turns from seeing later ones. */
export async function checkConversationMask(oracle: Oracle, report: Report): Promise<void> {
  const tensors = await oracle.tensors("train_convmask.safetensors");
  const config = await oracle.json<TrainConfig>("config.json");
  const checkpoint = await openCheckpoint(oracle.directory, { file: "weights_f32.safetensors" });
  const graph = new Graph();
  const weights = parameterInputs(graph);
  const shape = ["rows", "sequence"];
  const given = graph.input("embeds", "float32", [...shape, checkpoint.config.language.hiddenSize]);
  const { loss, logits } = languageLoss(
    graph,
    weights,
    checkpoint.config,
    {
      embeds: given,
      labels: graph.input("labels", "int64", shape),
      positions: graph.input("positions", "int64", shape),
      targets: graph.input("targets", "int64", ["targets"]),
      order: graph.input("order", "int64", shape),
    },
    {
      objective: {
        type: "diffusion",
        t: graph.input("t", "float32", ["rows"]),
        u: graph.input("u", "float32", shape),
        maskToken: config.special_ids_tiny.mask,
      },
      vocabulary: config.vocab_size,
    },
  );
  graph.output(loss, "loss");
  graph.output(logits, "logits");
  const run = await openGraph({ bytes: graph.toBytes(), folder: oracle.directory });
  const labels = [...tensors("labels").data];
  const targets = places(labels);
  const results = await run({
    ...(await readParameters(checkpoint, weights.values)),
    embeds: float(tensors("inputs_embeds")),
    labels: ids([1, labels.length], labels),
    positions: ids([1, labels.length], labels.keys()),
    targets: ids([targets.length], targets),
    order: ids([1, labels.length], tensors("conversation_ids").data),
    t: float(tensors("t")),
    u: float(tensors("u")),
  });
  report.check(
    "train_convmask logits",
    compareNumbers(
      numbers(results["logits"]?.data),
      rowsOf(tensors("logits"), targets),
      ACTIVATIONS,
    ),
  );
  const [actual = NaN] = numbers(results["loss"]?.data);
  report.check("train_convmask loss", relative(actual, tensors("loss").data[0] ?? NaN, LOSS));
}

/** Five AdamW steps with clipping, vision tower frozen. */
export async function checkTrainLoop(oracle: Oracle, report: Report): Promise<void> {
  const tensors = await oracle.tensors("train_loop.safetensors");
  const { train_loop: expected } = await oracle.json<TrainJson>("train.json");
  const step = await openStep(oracle, { trainsVision: false, steps: true });
  const state: Record<string, Feed> = { ...step.parameters };
  for (const { name, shape } of step.trained) {
    for (const moment of MOMENTS) {
      const data = new Float32Array(shape.reduce<number>((size, dim) => size * Number(dim), 1));
      state[momentName(moment, name)] = { dtype: "float32", shape: shape.map(Number), data };
    }
  }
  for (const [index, { loss, grad_norm_before_clip: norm }] of expected.log.entries()) {
    const results = await step.run({
      ...state,
      t: float(slice(tensors("t"), index)),
      u: float(slice(tensors("u"), index)),
      learning_rate: number(1e-3),
      first_correction: number(1 - OPTIMIZER.beta1 ** (index + 1)),
      second_correction: number(1 - OPTIMIZER.beta2 ** (index + 1)),
    });
    const [actual = NaN] = numbers(results["loss"]?.data);
    const [actualNorm = NaN] = numbers(results["gradient_norm"]?.data);
    report.check(
      `train_loop loss of step ${index}`,
      relative(actual, loss, index === 0 ? LOSS : 1e-4),
    );
    report.check(
      `train_loop gradient norm of step ${index}`,
      relative(actualNorm, norm, GRADIENTS.relative),
    );
    for (const name of Object.keys(state)) {
      const next = results[nextName(name)];
      if (next !== undefined) state[name] = next;
    }
  }
  for (const name of await oracle.names("train_loop.safetensors")) {
    if (!name.startsWith("final.")) continue;
    const actual = numbers(state[name.slice("final.".length)]?.data);
    report.check(`train_loop ${name}`, compareNumbers(actual, tensors(name).data, ACTIVATIONS));
  }
}

/** Turn numbers, under the published ids. */
export async function checkConversationIds(oracle: Oracle, report: Report): Promise<void> {
  const cases =
    await oracle.json<
      Record<string, { readonly labels: number[]; readonly conversation_ids: number[] }>
    >("conversation_ids.json");
  for (const [name, { labels, conversation_ids: expected }] of Object.entries(cases)) {
    const actual = conversationIds(labels, { startHeader: 126346, eot: 126348, assistant: 598 });
    report.check(`conversation_ids ${name}`, compareIds(actual, expected));
  }
}

function numbers(data: Feed["data"] | undefined): Float32Array | Uint8Array {
  return data instanceof Float32Array || data instanceof Uint8Array ? data : new Float32Array();
}

/** Keeps the argument list of `Math.hypot` short. */
function chunkNorms(values: Float32Array | Uint8Array): number[] {
  return Array.from({ length: Math.ceil(values.length / 4096) }, (_, chunk) =>
    Math.hypot(...values.subarray(chunk * 4096, (chunk + 1) * 4096)),
  );
}

function relative(
  actual: number,
  expected: number,
  tolerance: number,
  absolute = 0,
): string | undefined {
  const difference = Math.abs(actual - expected);
  if (difference <= tolerance * Math.abs(expected) + absolute) return undefined;
  return `${actual}, expected ${expected} (tolerance ${tolerance} of it)`;
}

function compareGradients(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): string | undefined {
  if (actual.length !== expected.length)
    return `${actual.length} values, expected ${expected.length}`;
  for (let index = 0; index < expected.length; index++) {
    const [own, theirs] = [actual[index] ?? NaN, expected[index] ?? NaN];
    const tolerance = GRADIENTS.absolute + GRADIENTS.relative * Math.abs(theirs);
    if (!(Math.abs(own - theirs) <= tolerance)) return `at ${index}: ${own}, expected ${theirs}`;
  }
  return undefined;
}
