import type { Random } from "./random.ts";

/** In body units, x to the patient's left and y down. */
export type Point = readonly [x: number, y: number];

/** A region of the body. */
export type Shape = {
  /** Roughly how far a point is from the edge, in body units; negative inside. */
  readonly distance: (x: number, y: number) => number;
  /** Left, top, right, bottom. */
  readonly bounds: readonly [number, number, number, number];
};

/** @param angle Radians, clockwise. */
export function ellipse(cx: number, cy: number, rx: number, ry: number, angle = 0): Shape {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const reach = Math.max(rx, ry);
  const small = Math.min(rx, ry);
  return {
    distance: (x, y) => {
      const [dx, dy] = [x - cx, y - cy];
      const [u, v] = [(cos * dx + sin * dy) / rx, (-sin * dx + cos * dy) / ry];
      return (Math.sqrt(u * u + v * v) - 1) * small;
    },
    bounds:
      angle === 0
        ? [cx - rx, cy - ry, cx + rx, cy + ry]
        : [cx - reach, cy - reach, cx + reach, cy + reach],
  };
}

/**
 * An ellipse with a wavy edge.
 *
 * @param roughness Height of the waves as a share of the radius, about 0.05 (smooth) to 0.3 (ragged).
 */
export function blob(
  [cx, cy]: readonly [number, number],
  [rx, ry]: readonly [number, number],
  roughness: number,
  random: Random,
): Shape {
  const waves = [2, 3, 4, 5, 7].map((frequency) => ({
    frequency,
    height: (roughness * random.between(0.4, 1)) / Math.sqrt(frequency),
    phase: random.between(0, 2 * Math.PI),
  }));
  const most = 1 + waves.reduce((sum, { height }) => sum + height, 0);
  const small = Math.min(rx, ry);
  return {
    distance: (x, y) => {
      const [u, v] = [(x - cx) / rx, (y - cy) / ry];
      const angle = Math.atan2(v, u);
      let edge = 1;
      for (const { frequency, height, phase } of waves) {
        edge += height * Math.sin(frequency * angle + phase);
      }
      return (Math.sqrt(u * u + v * v) - edge) * small;
    },
    bounds: [cx - rx * most, cy - ry * most, cx + rx * most, cy + ry * most],
  };
}

/** A stroke with round ends from one point to another. */
export function capsule(
  [ax, ay]: readonly [number, number],
  [bx, by]: readonly [number, number],
  radius: number,
): Shape {
  const [dx, dy] = [bx - ax, by - ay];
  const length = Math.max(dx * dx + dy * dy, 1e-9);
  return {
    distance: (x, y) => {
      const along = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
      return Math.hypot(x - ax - along * dx, y - ay - along * dy) - radius;
    },
    bounds: [
      Math.min(ax, bx) - radius,
      Math.min(ay, by) - radius,
      Math.max(ax, bx) + radius,
      Math.max(ay, by) + radius,
    ],
  };
}

/** The points with `a x + b y <= c`, within the given bounds; `a² + b²` must be 1. */
export function halfPlane(a: number, b: number, c: number, bounds: Shape["bounds"]): Shape {
  return { distance: (x, y) => a * x + b * y - c, bounds };
}

/** What lies in both. */
export function intersection(one: Shape, other: Shape): Shape {
  return {
    distance: (x, y) => Math.max(one.distance(x, y), other.distance(x, y)),
    bounds: [
      Math.max(one.bounds[0], other.bounds[0]),
      Math.max(one.bounds[1], other.bounds[1]),
      Math.min(one.bounds[2], other.bounds[2]),
      Math.min(one.bounds[3], other.bounds[3]),
    ],
  };
}

/** What lies in the first and not in the second. */
export function difference(one: Shape, other: Shape): Shape {
  return {
    distance: (x, y) => Math.max(one.distance(x, y), -other.distance(x, y)),
    bounds: one.bounds,
  };
}

/** What lies in either. */
export function union(one: Shape, other: Shape): Shape {
  return {
    distance: (x, y) => Math.min(one.distance(x, y), other.distance(x, y)),
    bounds: [
      Math.min(one.bounds[0], other.bounds[0]),
      Math.min(one.bounds[1], other.bounds[1]),
      Math.max(one.bounds[2], other.bounds[2]),
      Math.max(one.bounds[3], other.bounds[3]),
    ],
  };
}

/** A ring of the given thickness along a shape's edge, inwards. */
export function shell(shape: Shape, thickness: number): Shape {
  return {
    distance: (x, y) => {
      const distance = shape.distance(x, y);
      return Math.max(distance, -thickness - distance);
    },
    bounds: shape.bounds,
  };
}
