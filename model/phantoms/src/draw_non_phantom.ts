import { createCanvas, paint, type Canvas, type Colour } from "./canvas.ts";
import { expose } from "./expose.ts";
import type { PhantomImage, Split } from "./phantom.ts";
import { randomOf, type Random } from "./random.ts";
import {
  blob,
  capsule,
  ellipse,
  halfPlane,
  intersection,
  shell,
  type Shape,
  type Point,
} from "./shapes.ts";
import { smoothNoise } from "./texture.ts";

type Rgb = readonly [number, number, number];

/** Reaches past every corner of the picture. */
const EVERYWHERE: Shape["bounds"] = [-1.6, -1.6, 1.6, 1.6];
const ALL: Shape = { distance: () => -1, bounds: EVERYWHERE };
const INK: Rgb = [0.1, 0.1, 0.15];

/** Draws what is no phantom at all; the same split, seed and number give the same pixels. */
export function drawNonPhantom(split: Split, seed: number, index: number): PhantomImage {
  const random = randomOf(split, seed, index, "non-phantom");
  const side = random.integer(112, 176);
  const width = Math.round(side * random.between(0.92, 1.08));
  const pose = { rotation: random.between(-0.2, 0.2), scale: 1, shift: [0, 0] } as const;
  const canvas = createCanvas({ width, height: side, channels: 3 }, pose, anyColour(random));
  random.pick(FAMILIES)(canvas, random);
  const exposure = {
    blur: random.integer(0, 1),
    noise: random.between(0, 0.035),
    contrast: random.between(0.85, 1.15),
    brightness: random.between(-0.05, 0.05),
    bits: 8,
  } as const;
  return expose(random.chance(0.35) ? grey(canvas) : canvas, exposure, random);
}

type Family = (canvas: Canvas, random: Random) => void;

const FAMILIES: readonly Family[] = [
  function flat() {
    // The background alone.
  },
  function gradient(canvas, random) {
    const along = direction(random);
    fill(canvas, anyColour(random), along, random.between(1, 2.5));
  },
  function checkerboard(canvas, random) {
    const step = random.between(0.12, 0.5);
    const parity = (x: number, y: number): number => Math.floor(x / step) + Math.floor(y / step);
    fill(canvas, anyColour(random), (x, y) => (parity(x, y) % 2 === 0 ? -1 : 1));
  },
  function stripes(canvas, random) {
    const along = direction(random);
    const frequency = random.between(6, 40);
    const share = random.between(-0.5, 0.5);
    const colour = anyColour(random);
    fill(canvas, colour, (x, y) => (Math.sin(frequency * along(x, y)) + share) / frequency);
  },
  function rings(canvas, random) {
    const [[cx, cy], frequency] = [anyPoint(random), random.between(10, 40)];
    fill(
      canvas,
      anyColour(random),
      (x, y) => Math.sin(frequency * Math.hypot(x - cx, y - cy)) / frequency,
    );
  },
  function shapes(canvas, random) {
    for (let count = random.integer(3, 14); count > 0; count--) {
      paint(canvas, anyShape(random), { colour: anyColour(random) });
    }
  },
  function landscape(canvas, random) {
    paint(canvas, ALL, { colour: [0.45, 0.7, 0.95], texture: (_, y) => -0.15 * y });
    const sun = [random.between(-0.8, 0.8), random.between(-0.8, -0.4)] as const;
    paint(canvas, disc(sun, random.between(0.12, 0.25)), { colour: [1, 0.9, 0.3] });
    for (let hill = 0; hill < 3; hill++) {
      const [wave, phase] = [random.between(1.5, 5), random.between(0, 6)];
      const level = 0.1 + hill * random.between(0.2, 0.3);
      const colour: Rgb = [0.2 + 0.1 * hill, random.between(0.4, 0.65), random.between(0.15, 0.35)];
      fill(canvas, colour, (x, y) => level - y + 0.15 * Math.sin(wave * x + phase));
    }
  },
  function text(canvas, random) {
    paint(canvas, ALL, { colour: random.between(0.85, 1) });
    const [height, thickness] = [random.between(0.06, 0.13), random.between(0.012, 0.025)];
    for (let y = -0.85; y < 0.85; y += height * 2.2) {
      for (let x = -0.85; x < random.between(0.3, 0.9); x += height * 0.7) {
        if (random.chance(0.18)) continue; // Between two words.
        const ends = [0, 1, 2].flatMap(() => jitter([x, y], height / 2, random));
        strokes(canvas, ends, thickness, INK);
      }
    }
  },
  function noise(canvas, random) {
    const isColoured = random.chance(0.5);
    const share = random.between(0.5, 1);
    for (let index = 0; index < canvas.pixels.length; index += 3) {
      const value = random.uniform();
      for (let channel = 0; channel < 3; channel++) {
        const light = isColoured ? random.uniform() : value;
        canvas.pixels[index + channel] = 0.5 + share * (light - 0.5);
      }
    }
  },
  function clouds(canvas, random) {
    for (let layer = 0; layer < 3; layer++) {
      const height = smoothNoise(random, random.between(1.5, 6));
      fill(canvas, anyColour(random), (x, y) => height(x, y) + 0.2, random.between(0.1, 0.8));
    }
  },
  function plot(canvas, random) {
    paint(canvas, ALL, { colour: random.between(0.92, 1) });
    strokes(canvas, [-0.75, -0.8, -0.75, 0.75, 0.8, 0.75], 0.015, INK);
    for (let curve = random.integer(1, 3); curve > 0; curve--) {
      const [a, b] = [random.between(-0.6, 0.6), random.between(2, 7)];
      const points: number[] = [];
      for (let x = -0.7; x < 0.75; x += 0.095) points.push(x, a * x + 0.3 * Math.sin(b * x + a));
      strokes(canvas, points, 0.018, anyColour(random));
    }
  },
  function bars(canvas, random) {
    paint(canvas, ALL, { colour: random.between(0.88, 1) });
    const [step, colour] = [random.between(0.15, 0.4), anyColour(random)];
    for (let x = -0.75; x < 0.75; x += step) {
      paint(canvas, box(x, random.between(-0.7, 0.6), x + step * 0.7, 0.75), { colour });
    }
    strokes(canvas, [-0.85, 0.76, 0.85, 0.76], 0.015, INK);
  },
  function face(canvas, random) {
    const [width, height] = [random.between(0.5, 0.75), random.between(0.6, 0.8)];
    const skin: Rgb = [0.95, random.between(0.65, 0.85), random.between(0.3, 0.65)];
    paint(canvas, ellipse(0, 0, width, height), { colour: skin });
    for (const x of [-0.22, 0.22]) {
      paint(canvas, disc([x, -0.2], 0.1), { colour: 1 });
      paint(canvas, disc([x, -0.2], random.between(0.04, 0.07)), { colour: INK });
    }
    const smile = random.between(-0.15, 0.2);
    strokes(canvas, [-0.25, 0.3, 0, 0.3 + smile, 0.25, 0.3], 0.035, [0.7, 0.15, 0.2]);
    strokes(canvas, [0, -0.08, -0.05, 0.12, 0.04, 0.12], 0.02, INK);
  },
  function house(canvas, random) {
    fill(canvas, [0.3, 0.6, 0.25], (_, y) => 0.6 - y);
    const [half, top] = [random.between(0.4, 0.6), random.between(-0.2, 0.1)];
    paint(canvas, box(-half, top, half, 0.65), { colour: anyColour(random) });
    const slope = random.between(0.6, 1.2);
    fill(canvas, [0.6, 0.2, 0.15], (x, y) =>
      Math.max(y - top, top - y - slope * (half + 0.1 - Math.abs(x))),
    );
    paint(canvas, box(-0.08, 0.3, 0.1, 0.65), { colour: INK });
    for (const x of [-0.3, 0.22]) paint(canvas, box(x, 0.15, x + 0.14, 0.3), { colour: 0.95 });
  },
  function blobs(canvas, random) {
    for (let count = random.integer(8, 20); count > 0; count--) {
      const radius = random.between(0.1, 0.6);
      const shape = blob(anyPoint(random), [radius, radius], random.between(0.05, 0.3), random);
      paint(canvas, shape, { colour: anyColour(random), opacity: 0.7, edge: radius });
    }
  },
  function stars(canvas, random) {
    paint(canvas, ALL, { colour: [0.02, 0.02, random.between(0.05, 0.2)] });
    for (let count = random.integer(40, 150); count > 0; count--) {
      paint(canvas, disc(anyPoint(random), random.between(0.005, 0.03)), { colour: 0.95 });
    }
  },
];

/** Covers where the distance is negative, all over the picture. */
function fill(canvas: Canvas, colour: Colour, distance: Shape["distance"], edge = 0.02): void {
  paint(canvas, { distance, bounds: EVERYWHERE }, { colour, edge });
}

/** @param points x and y by turns. */
function strokes(canvas: Canvas, points: number[], radius: number, colour: Colour): void {
  let [ax = 0, ay = 0] = points;
  for (let index = 2; index < points.length; index += 2) {
    const [bx = 0, by = 0] = points.slice(index);
    paint(canvas, capsule([ax, ay], [bx, by], radius), { colour });
    [ax, ay] = [bx, by];
  }
}

function anyShape(random: Random): Shape {
  const [[x, y], radius] = [anyPoint(random), random.between(0.08, 0.45)];
  const stretched = radius * random.between(0.4, 1);
  const round = ellipse(x, y, radius, stretched, random.between(0, 3));
  return random.pick([
    round,
    shell(round, radius * 0.3),
    box(x - radius, y - stretched, x + radius, y + stretched),
    capsule([x, y], anyPoint(random), radius * 0.2),
  ]);
}

function box(left: number, top: number, right: number, bottom: number): Shape {
  const bounds = [left, top, right, bottom] as const;
  return intersection(
    intersection(halfPlane(-1, 0, -left, bounds), halfPlane(1, 0, right, bounds)),
    intersection(halfPlane(0, -1, -top, bounds), halfPlane(0, 1, bottom, bounds)),
  );
}

function disc([x, y]: Point, radius: number): Shape {
  return ellipse(x, y, radius, radius);
}

function direction(random: Random): (x: number, y: number) => number {
  const angle = random.between(0, 2 * Math.PI);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return (x, y) => cos * x + sin * y;
}

function anyColour(random: Random): Rgb {
  return [random.uniform(), random.uniform(), random.uniform()];
}

function anyPoint(random: Random): Point {
  return jitter([0, 0], 1, random);
}

function jitter([x, y]: Point, reach: number, random: Random): Point {
  return [x + random.between(-reach, reach), y + random.between(-reach, reach)];
}

/** The same picture in one channel. */
function grey(canvas: Canvas): Canvas {
  const { width, height, pixels } = canvas;
  const light = Float32Array.from({ length: width * height }, (_, place) => {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(place * 3, place * 3 + 3);
    return 0.3 * red + 0.59 * green + 0.11 * blue;
  });
  return { ...canvas, channels: 1, pixels: light };
}
