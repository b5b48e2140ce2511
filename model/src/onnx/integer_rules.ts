import type { NodeView, Result } from "./node_view.ts";
import { input } from "./shape_rules.ts";
import { sameShape, shapeText } from "./shape.ts";

/** `x`, scale and zero point, both scalars; the zero point's dtype is the result's. */
export function inferQuantize(node: NodeView): readonly Result[] {
  const [x, scale, zero] = [input(node, 0), input(node, 1), input(node, 2)];
  if (x.dtype !== "float32" || scale.dtype !== "float32") {
    throw new RangeError(`"${x.name}" and its scale must be float32`);
  }
  if (zero.dtype !== "uint8" || scale.shape.length > 0 || zero.shape.length > 0) {
    throw new RangeError("scale and zero point must be scalars, the latter uint8");
  }
  return [{ dtype: zero.dtype, shape: x.shape }];
}

/** uint8 `[m, k]` · int8 `[k, n]`, scale `[]`, scale `[n]`, zero point of the left side `[]`. */
export function inferIntegerMatMul(node: NodeView): readonly Result[] {
  const [left, right, leftScale, rightScale] = [0, 1, 2, 3].map((index) => input(node, index));
  if (left?.dtype !== "uint8" || right?.dtype !== "int8" || input(node, 4).dtype !== "uint8") {
    throw new RangeError("the left side and its zero point must be uint8, the right side int8");
  }
  const [m, k] = left.shape;
  const [rightK, n] = right.shape;
  if (left.shape.length !== 2 || right.shape.length !== 2 || k !== rightK) {
    throw new RangeError(
      `${shapeText(left.shape)} · ${shapeText(right.shape)} needs equal inner lengths`,
    );
  }
  if (leftScale?.shape.length !== 0 || !sameShape(rightScale?.shape ?? [], [n ?? 1])) {
    throw new RangeError(`scales must be [] and [${n}]`);
  }
  return [{ dtype: "float32", shape: [m ?? 1, n ?? 1] }];
}
