import { paint, type Canvas } from "../canvas.ts";
import type { Finding, Severity, Size } from "../phantom.ts";
import type { Random, Range } from "../random.ts";
import { roundBody } from "../round_body.ts";
import { blob, capsule, ellipse, halfPlane, intersection, shell, type Shape } from "../shapes.ts";
import { spread, type Disc, type Unplaced } from "../spread.ts";
import { smoothNoise } from "../texture.ts";
import type { Drawing } from "./drawing.ts";

type Rgb = readonly [number, number, number];

const MATS: readonly Rgb[] = [
  [0.2, 0.36, 0.6],
  [0.34, 0.52, 0.72],
  [0.16, 0.42, 0.36],
  [0.36, 0.58, 0.48],
  [0.4, 0.42, 0.45],
  [0.62, 0.65, 0.68],
];
const RED_BROWN: Rgb = [0.57, 0.24, 0.2];
const TAN: Rgb = [0.68, 0.4, 0.3];

const RADIUS: Readonly<Record<string, Readonly<Record<Size, Range>>>> = {
  "tumor nodule": { small: [0.076, 0.081], medium: [0.122, 0.128], large: [0.19, 0.198] },
  "blood clot": { small: [0.095, 0.105], medium: [0.165, 0.18], large: [0.275, 0.295] },
  ulcer: { small: [0.12, 0.13], medium: [0.12, 0.13], large: [0.12, 0.13] },
};

/** Which share of the organ turns yellow, and how yellow. */
const FAT: Readonly<Record<Severity, { share: number; colour: Rgb; opacity: number }>> = {
  mild: { share: 0.22, colour: [0.86, 0.7, 0.2], opacity: 0.85 },
  moderate: { share: 0.52, colour: [0.9, 0.76, 0.22], opacity: 0.92 },
  severe: { share: 0.88, colour: [0.95, 0.83, 0.26], opacity: 1 },
};

/** A photograph of an organ on a coloured mat, lit from the top left. */
export const gross: Drawing = {
  channels: 3,
  background: (random) => mixed(random.pick(MATS), random.pick(MATS), random.between(0, 0.4)),
  maxRotation: 0.5,
  draw: (canvas, { findings }, random) => {
    const axes = [random.between(0.78, 0.86), random.between(0.65, 0.71)] as const;
    const organ = roundBody(axes, random.between(0.01, 0.045), random);
    const discs = findings.flatMap((finding) => discsOf(finding, random));
    const places = spread(discs, [axes[0] * 0.96, axes[1] * 0.96], random);
    if (random.chance(0.5)) drawRuler(canvas, random);
    drawOrgan(canvas, organ, axes, random);
    for (const { kind, severity } of findings) {
      if (kind === "fatty change") drawFat(canvas, organ, severity ?? "moderate", random);
    }
    drawHighlights(canvas, axes, places, random);
    for (const place of places) LESIONS[place.kind]?.(canvas, place, random);
  },
};

function discsOf({ kind, count = 1, size = "medium" }: Finding, random: Random): Unplaced[] {
  const range = RADIUS[kind]?.[size];
  if (range === undefined) return [];
  return Array.from({ length: count }, () => ({ kind, radius: random.between(...range) }));
}

function drawRuler(canvas: Canvas, random: Random): void {
  const top = random.between(0.84, 0.88);
  const bounds = [-1.5, top, 1.5, top + random.between(0.12, 0.16)] as const;
  const strip = intersection(halfPlane(0, -1, -top, bounds), halfPlane(0, 1, bounds[3], bounds));
  paint(canvas, strip, { colour: [0.93, 0.92, 0.86] });
  const step = random.between(0.06, 0.1);
  for (let tick = -15; tick <= 15; tick++) {
    const [x, length] = [tick * step, tick % 5 === 0 ? 0.075 : 0.04];
    paint(canvas, capsule([x, top + 0.01], [x, top + length], 0.009), { colour: 0.12 });
  }
}

function drawOrgan(
  canvas: Canvas,
  organ: Shape,
  [rx, ry]: readonly [number, number],
  random: Random,
): void {
  const grain = smoothNoise(random, random.between(4, 8));
  const shadow = ellipse(0.05, 0.06, rx * 1.02, ry * 1.02);
  paint(canvas, shadow, { colour: 0.08, opacity: 0.5, edge: 0.12 });
  paint(canvas, organ, {
    colour: mixed(RED_BROWN, TAN, random.uniform()),
    label: "gross",
    // A dome: bright towards the light, dark along the edge.
    texture: (x, y) => {
      const [u, v] = [x / rx, y / ry];
      const r = u * u + v * v;
      return 0.04 - 0.09 * r * r - 0.05 * (u + v) + 0.022 * grain(x, y);
    },
  });
}

function drawFat(canvas: Canvas, organ: Shape, severity: Severity, random: Random): void {
  const { share, colour, opacity } = FAT[severity];
  const [noise, bend] = [smoothNoise(random, random.between(7, 9)), smoothNoise(random, 5)];
  const height = (x: number, y: number): number => {
    const shift = 0.07 * bend(x, y); // Hides that the noise lies on a grid.
    return noise(0.8 * x - 0.6 * y + shift, 0.6 * x + 0.8 * y - shift);
  };
  const heights = Float32Array.from({ length: 400 }, (_, index) =>
    height(-0.6 + 0.06 * (index % 20), -0.48 + 0.048 * Math.floor(index / 20)),
  ).toSorted();
  const level = heights[Math.floor((1 - share) * heights.length)] ?? 0;
  const mottling: Shape = {
    distance: (x, y) => (organ.distance(x, y) > -0.02 ? 1 : (level - height(x, y)) * 0.08),
    bounds: organ.bounds,
  };
  paint(canvas, mottling, { colour, opacity, label: "fatty change" });
}

/** Thin white glints towards the light, never on a lesion. */
function drawHighlights(
  canvas: Canvas,
  [rx, ry]: readonly [number, number],
  places: readonly Disc[],
  random: Random,
): void {
  const wanted = random.integer(2, 5);
  for (let tries = 0, drawn = 0; drawn < wanted && tries < 30; tries++) {
    const [angle, reach] = [random.between(3.3, 4.6), random.between(0.55, 0.82)];
    const [x, y] = [rx * reach * Math.cos(angle), ry * reach * Math.sin(angle)];
    if (places.some((disc) => Math.hypot(disc.x - x, disc.y - y) < disc.radius * 1.15 + 0.07))
      continue;
    const glint = ellipse(
      x,
      y,
      random.between(0.035, 0.06),
      random.between(0.012, 0.018),
      angle + 1.57,
    );
    paint(canvas, glint, { colour: 0.98, opacity: 0.9 });
    drawn++;
  }
}

type Lesion = (canvas: Canvas, disc: Disc, random: Random) => void;

const LESIONS: Readonly<Record<string, Lesion>> = {
  "tumor nodule": (canvas, { kind, x, y, radius }, random) => {
    const lump = blob([x, y], [radius, radius], 0.04, random);
    paint(canvas, lump, {
      colour: [0.95, 0.91, 0.78],
      label: kind,
      texture: (px, py) => (-0.12 * (px - x + py - y)) / radius,
    });
    paint(canvas, shell(lump, 0.016 + 0.05 * radius), { colour: [0.34, 0.14, 0.1] });
  },
  "blood clot": (canvas, { kind, x, y, radius }, random) => {
    const clot = blob([x, y], [radius, radius], 0.12, random);
    const grain = smoothNoise(random, 12);
    paint(canvas, clot, {
      colour: [0.12, 0.015, 0.03],
      label: kind,
      texture: (px, py) => 0.03 * grain(px, py),
    });
  },
  ulcer: (canvas, { kind, x, y, radius }, random) => {
    const crater = blob([x, y], [radius, radius], 0.05, random);
    paint(canvas, crater, { colour: [0.97, 0.8, 0.78], label: kind });
    const floor = ellipse(x, y, radius * 0.56, radius * 0.56);
    paint(canvas, intersection(crater, floor), { colour: [0.26, 0.03, 0.05], edge: 0.03 });
  },
};

function mixed(one: Rgb, other: Rgb, share: number): Rgb {
  const part = (channel: 0 | 1 | 2): number => one[channel] * (1 - share) + other[channel] * share;
  return [part(0), part(1), part(2)];
}
