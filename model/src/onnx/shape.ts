/** One axis: a fixed length, or the name of a length that is known only when the graph runs. */
export type Dim = number | string;

export type Shape = readonly Dim[];

/** `[rows, 4096]`, for error texts. */
export function shapeText(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

export function sameShape(left: Shape, right: Shape): boolean {
  return left.length === right.length && left.every((dim, axis) => dim === right[axis]);
}

/**
 * The shape that elementwise operators give (numpy's rule, as in ONNX).
 *
 * @throws {RangeError} If an axis differs and neither side is 1.
 */
export function broadcastShapes(...shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let result: Dim = 1;
    for (const shape of shapes) {
      const dim = shape[axis - rank + shape.length] ?? 1;
      if (dim === 1 || dim === result) continue;
      if (result !== 1) {
        throw new RangeError(
          `Cannot broadcast as every axis must be equal or 1: current shapes are ${shapes.map(shapeText).join(" and ")}`,
        );
      }
      result = dim;
    }
    return result;
  });
}

/** Makes a negative axis count from the end. @throws {RangeError} If it lies outside the shape. */
export function resolveAxis(shape: Shape, axis: number): number {
  const resolved = axis < 0 ? axis + shape.length : axis;
  if (resolved < 0 || resolved >= shape.length) {
    throw new RangeError(
      `Cannot take axis ${axis} as the shape has ${shape.length} axes: current shape is ${shapeText(shape)}`,
    );
  }
  return resolved;
}

/** The product of two lengths; a name when one of them is a name. */
export function multiplyDims(left: Dim, right: Dim): Dim {
  if (typeof left === "number" && typeof right === "number") return left * right;
  if (left === 1) return right;
  if (right === 1) return left;
  return `${left}*${right}`;
}

/** The sum of two lengths; a name when one of them is a name. */
export function addDims(left: Dim, right: Dim): Dim {
  if (typeof left === "number" && typeof right === "number") return left + right;
  return `${left}+${right}`;
}
