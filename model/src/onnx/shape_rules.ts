import { ANY, FLOATS, NUMBERS, ONNX_DATA_TYPE, type DType } from "./dtype.ts";
import type { NodeView, Operator, Result } from "./node_view.ts";
import {
  addDims,
  broadcastShapes,
  resolveAxis,
  sameShape,
  shapeText,
  type Dim,
  type Shape,
} from "./shape.ts";
import type { Value } from "./value.ts";

export function input(node: NodeView, index: number): Value {
  const value = node.inputs[index];
  if (value === undefined) throw new RangeError(`input ${index} is missing`);
  return value;
}

function requireDType(value: Value, allowed: readonly DType[]): void {
  if (!allowed.includes(value.dtype)) {
    throw new RangeError(`"${value.name}" must be ${allowed.join(" or ")}, not ${value.dtype}`);
  }
}

function requireSameDType(values: readonly Value[]): DType {
  const [first] = values;
  if (first === undefined) throw new RangeError("it needs at least one input");
  for (const value of values) {
    if (value.dtype !== first.dtype) {
      throw new RangeError(
        `"${first.name}" is ${first.dtype} but "${value.name}" is ${value.dtype}: cast one of them`,
      );
    }
  }
  return first.dtype;
}

function present(node: NodeView): readonly Value[] {
  return node.inputs.filter((value) => value !== undefined);
}

export function elementwise(allowed: readonly DType[]): Operator {
  return {
    infer: (node) => {
      const values = present(node);
      const dtype = requireSameDType(values);
      for (const value of values) requireDType(value, allowed);
      return [{ dtype, shape: broadcastShapes(...values.map((value) => value.shape)) }];
    },
  };
}

export function comparison(): Operator {
  const rule = elementwise(ANY);
  return {
    infer: (node) => rule.infer(node).map(({ shape }) => ({ dtype: "bool" as const, shape })),
  };
}

export function inferWhere(node: NodeView): readonly Result[] {
  const [condition, yes, no] = [input(node, 0), input(node, 1), input(node, 2)];
  requireDType(condition, ["bool"]);
  return [
    {
      dtype: requireSameDType([yes, no]),
      shape: broadcastShapes(condition.shape, yes.shape, no.shape),
    },
  ];
}

export function inferCast(node: NodeView): readonly Result[] {
  const to = node.attributes["to"];
  const dtype = ANY.find((each) => ONNX_DATA_TYPE[each] === to);
  if (dtype === undefined) {
    throw new RangeError(`"to" must be an ONNX data type, not ${JSON.stringify(to)}`);
  }
  return [{ dtype, shape: input(node, 0).shape }];
}

/** `[m, k] · [n, k]ᵀ + [n]`, the form of every linear layer in a checkpoint; `transA` turns the left side too. */
export function inferGemm(node: NodeView): readonly Result[] {
  const [x, weight] = [input(node, 0), input(node, 1)];
  requireDType(x, FLOATS);
  const dtype = requireSameDType(present(node));
  const [m, k] = node.attributes["transA"] === 1 ? axes(x, 2).toReversed() : axes(x, 2);
  const [n, weightK] =
    node.attributes["transB"] === 1 ? axes(weight, 2) : axes(weight, 2).toReversed();
  if (k !== weightK) {
    throw new RangeError(
      `"${x.name}" has ${k} columns but "${weight.name}" takes ${weightK} of them`,
    );
  }
  const bias = node.inputs[2];
  if (bias !== undefined && !sameShape(bias.shape, [n ?? 0])) {
    throw new RangeError(`"${bias.name}" must be [${n}], not ${shapeText(bias.shape)}`);
  }
  return [{ dtype, shape: [m ?? 0, n ?? 0] }];
}

export function inferMatMul(node: NodeView): readonly Result[] {
  return inferFusedMatMul({ ...node, attributes: {} });
}

/** `MatMul` that reads either side turned (`transA`, `transB`: its last two axes). */
export function inferFusedMatMul(node: NodeView): readonly Result[] {
  const [left, right] = [input(node, 0), input(node, 1)];
  const dtype = requireSameDType([left, right]);
  const turned = (value: Value, attribute: string): readonly Dim[] =>
    node.attributes[attribute] === 1 ? value.shape.slice(-2).toReversed() : value.shape.slice(-2);
  const [rows, inner] = turned(left, "transA");
  const [rightInner, columns] = turned(right, "transB");
  if (left.shape.length < 2 || right.shape.length < 2 || inner !== rightInner) {
    throw new RangeError(
      `${shapeText(left.shape)} · ${shapeText(right.shape)} needs equal inner lengths`,
    );
  }
  const batch = broadcastShapes(left.shape.slice(0, -2), right.shape.slice(0, -2));
  return [{ dtype, shape: [...batch, rows ?? 1, columns ?? 1] }];
}

export function inferNormalization(node: NodeView): readonly Result[] {
  const [x, scale] = [input(node, 0), input(node, 1)];
  requireDType(x, FLOATS);
  const hidden = x.shape.at(-1) ?? 0;
  if (!sameShape(scale.shape, [hidden])) {
    throw new RangeError(`"${scale.name}" must be [${hidden}], not ${shapeText(scale.shape)}`);
  }
  return [{ dtype: requireSameDType(present(node)), shape: x.shape }];
}

/** `x [rows, sequence, hidden]`, `position_ids [rows, sequence]`, caches `[positions, half of head_dim]`. */
export function inferRotary(node: NodeView): readonly Result[] {
  const [x, positions] = [input(node, 0), input(node, 1)];
  if (x.shape.length !== 3 || !sameShape(positions.shape, x.shape.slice(0, 2))) {
    throw new RangeError(
      `"${positions.name}" must be ${shapeText(x.shape.slice(0, 2))}, not ${shapeText(positions.shape)}`,
    );
  }
  return [{ dtype: x.dtype, shape: x.shape }];
}

/** `q [rows, queries, hidden]`, `k`, `v [rows, keys, hidden]`, bias `[rows, 1, queries, keys]`. */
export function inferAttention(node: NodeView): readonly Result[] {
  const [q, k, v] = [input(node, 0), input(node, 1), input(node, 2)];
  requireSameDType([q, k, v]);
  const [rows, queries, hidden] = axes(q, 3);
  if (!sameShape(k.shape, v.shape) || k.shape[0] !== rows || k.shape[2] !== hidden) {
    throw new RangeError(
      `query ${shapeText(q.shape)}, key ${shapeText(k.shape)} and value ${shapeText(v.shape)} do not fit`,
    );
  }
  const heads = node.attributes["num_heads"];
  if (typeof hidden !== "number" || typeof heads !== "number" || hidden % heads !== 0) {
    throw new RangeError(
      `hidden ${hidden} must be a multiple of num_heads ${JSON.stringify(heads)}`,
    );
  }
  const kept = [rows ?? 1, heads, k.shape[1] ?? 1, hidden / heads];
  const [pastKey, pastValue] = [node.inputs[6], node.inputs[7]];
  if (pastKey !== undefined) {
    const fits = kept.with(2, pastKey.shape[2] ?? 1);
    if (!sameShape(pastKey.shape, fits) || !sameShape(pastValue?.shape ?? [], fits)) {
      throw new RangeError(
        `past key ${shapeText(pastKey.shape)} and value ${shapeText(pastValue?.shape ?? [])} must be ${shapeText(fits)}`,
      );
    }
    kept[2] = addDims(pastKey.shape[2] ?? 0, k.shape[1] ?? 0);
  }
  const bias = node.inputs[5];
  const expected = [rows ?? 1, 1, queries ?? 1, kept[2] ?? 1];
  if (bias !== undefined && !sameShape(bias.shape, expected)) {
    throw new RangeError(
      `attention bias must be ${shapeText(expected)}, not ${shapeText(bias.shape)}`,
    );
  }
  const all = [q.shape, kept, kept].map((shape) => ({ dtype: q.dtype, shape }));
  return all.slice(0, node.outputs);
}

export function inferGather(node: NodeView): readonly Result[] {
  const [data, indices] = [input(node, 0), input(node, 1)];
  requireDType(indices, ["int64", "int32"]);
  const axis = resolveAxis(data.shape, integer(node, "axis", 0));
  return [
    {
      dtype: data.dtype,
      shape: [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)],
    },
  ];
}

export function inferScatter(node: NodeView): readonly Result[] {
  const [data, indices, updates] = [input(node, 0), input(node, 1), input(node, 2)];
  if (!sameShape(indices.shape, updates.shape) || indices.shape.length !== data.shape.length) {
    throw new RangeError(
      `indices ${shapeText(indices.shape)} and updates ${shapeText(updates.shape)} must have one shape and the rank of ${shapeText(data.shape)}`,
    );
  }
  return [{ dtype: requireSameDType([data, updates]), shape: data.shape }];
}

export function inferConcat(node: NodeView): readonly Result[] {
  const values = present(node);
  const dtype = requireSameDType(values);
  const first = input(node, 0);
  if (node.attributes["axis"] === undefined) throw new RangeError('"axis" must be given');
  const axis = resolveAxis(first.shape, integer(node, "axis", 0));
  let total: Dim = 0;
  for (const value of values) {
    const fits =
      value.shape.length === first.shape.length &&
      value.shape.every((dim, index) => index === axis || dim === first.shape[index]);
    if (!fits) {
      throw new RangeError(
        `${shapeText(first.shape)} and ${shapeText(value.shape)} differ outside of axis ${axis}`,
      );
    }
    total = total === 0 ? (value.shape[axis] ?? 0) : addDims(total, value.shape[axis] ?? 0);
  }
  return [{ dtype, shape: first.shape.with(axis, total) }];
}

export function inferReshape(node: NodeView): readonly Result[] {
  const [result] = inferStated(node);
  if (result === undefined) throw new RangeError("it has no result");
  const [from, to] = [input(node, 0).shape, result.shape];
  const [before, after] = [elements(from), elements(to)];
  if (before !== undefined && after !== undefined && before !== after) {
    throw new RangeError(
      `${shapeText(from)} has ${before} elements but ${shapeText(to)} has ${after}`,
    );
  }
  return [result];
}

/** How many elements a shape has, when all its lengths are known. */
function elements(shape: Shape): number | undefined {
  let product = 1;
  for (const dim of shape) {
    if (typeof dim !== "number") return undefined;
    product *= dim;
  }
  return product;
}

export function inferStated(node: NodeView): readonly Result[] {
  if (node.shape === undefined) throw new RangeError("its output shape must be stated");
  return [{ dtype: input(node, 0).dtype, shape: node.shape }];
}

export function inferTranspose(node: NodeView): readonly Result[] {
  const x = input(node, 0);
  const perm = node.attributes["perm"];
  if (typeof perm !== "object" || !("ints" in perm) || perm.ints.length !== x.shape.length) {
    throw new RangeError(`"perm" must name all ${x.shape.length} axes`);
  }
  return [
    { dtype: x.dtype, shape: perm.ints.map((axis) => x.shape[resolveAxis(x.shape, axis)] ?? 1) },
  ];
}

/** Reductions take their axes as second input (opset 18); the stated shape is the result. */
export function inferReduceInput(node: NodeView): readonly Result[] {
  requireDType(input(node, 0), NUMBERS);
  requireDType(input(node, 1), ["int64"]);
  return inferStated(node);
}

export function inferArgMax(node: NodeView): readonly Result[] {
  const x = input(node, 0);
  const axis = resolveAxis(x.shape, integer(node, "axis", 0));
  const shape =
    integer(node, "keepdims", 1) === 1 ? x.shape.with(axis, 1) : x.shape.toSpliced(axis, 1);
  return [{ dtype: "int64", shape }];
}

/** Loop-carried values keep the dtype and shape that they come in with; no scan outputs. */
export function inferLoop(node: NodeView): readonly Result[] {
  const carried = node.inputs.slice(2).filter((value) => value !== undefined);
  const results = (node.bodies["body"] ?? []).slice(1);
  if (carried.length !== results.length) {
    throw new RangeError(
      `it carries ${carried.length} values but its body gives ${results.length}`,
    );
  }
  return carried.map((value, index) => {
    const result = results[index];
    if (result?.dtype !== value.dtype || !sameShape(result.shape, value.shape)) {
      throw new RangeError(
        `"${value.name}" goes in as ${value.dtype} ${shapeText(value.shape)} but comes out as ${result?.dtype ?? "nothing"} ${shapeText(result?.shape ?? [])}`,
      );
    }
    return { dtype: value.dtype, shape: value.shape };
  });
}

export function inferIf(node: NodeView): readonly Result[] {
  const [yes, no] = [node.bodies["then_branch"] ?? [], node.bodies["else_branch"] ?? []];
  return yes.map((value, index) => {
    const other = no[index];
    if (other?.dtype !== value.dtype || !sameShape(other.shape, value.shape)) {
      throw new RangeError(`its branches differ in output ${index}`);
    }
    return { dtype: value.dtype, shape: value.shape };
  });
}

function axes(value: Value, rank: number): readonly Dim[] {
  if (value.shape.length !== rank) {
    throw new RangeError(`"${value.name}" must have ${rank} axes, not ${shapeText(value.shape)}`);
  }
  return value.shape;
}

function integer(node: NodeView, name: string, fallback: number): number {
  const value = node.attributes[name];
  return typeof value === "number" ? value : fallback;
}
