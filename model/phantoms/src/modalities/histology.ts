import { paint, type Canvas, type Paint } from "../canvas.ts";
import type { Finding, Severity, Size } from "../phantom.ts";
import type { Random } from "../random.ts";
import { roundBody } from "../round_body.ts";
import { blob, ellipse, intersection, type Shape } from "../shapes.ts";
import { spread, type Disc, type Unplaced } from "../spread.ts";
import { smoothNoise } from "../texture.ts";
import type { Drawing } from "./drawing.ts";

const NECROSIS_RADIUS: Readonly<Record<Size, readonly [number, number]>> = {
  small: [0.125, 0.14],
  medium: [0.22, 0.24],
  large: [0.375, 0.4],
};

/** Radius of the infiltrate and how many cells lie in it: the density grows with the extent. */
const INFILTRATE: Readonly<Record<Severity, { radius: number; cells: number; haze: number }>> = {
  mild: { radius: 0.23, cells: 30, haze: 0.12 },
  moderate: { radius: 0.36, cells: 105, haze: 0.22 },
  severe: { radius: 0.9, cells: 720, haze: 0.32 },
};

/** Where the bands of scar run, across their direction, and half their width. */
const SCAR: Readonly<
  Record<Severity, { at: readonly number[]; halfWidth: number; opacity: number }>
> = {
  mild: { at: [0.34], halfWidth: 0.085, opacity: 0.8 },
  moderate: { at: [-0.36, 0.3], halfWidth: 0.125, opacity: 0.9 },
  severe: { at: [-0.6, -0.2, 0.2, 0.6], halfWidth: 0.145, opacity: 1 },
};

const NUCLEUS = [0.5, 0.3, 0.6] as const;
const LYMPHOCYTE = [0.13, 0.1, 0.42] as const;

/** A round core of tissue stained with haematoxylin and eosin, on a bright slide. */
export const histology: Drawing = {
  channels: 3,
  background: (random) => [random.between(0.92, 0.97), 0.94, random.between(0.93, 0.97)],
  maxRotation: Math.PI,
  draw: (canvas, { findings }, random) => {
    const axes = [random.between(0.8, 0.87), random.between(0.78, 0.86)] as const;
    const core = roundBody(axes, random.between(0.005, 0.03), random);
    const unplaced = findings.flatMap((finding) => discsOf(finding, random));
    const discs = spread(unplaced, [axes[0] - 0.02, axes[1] - 0.02], random);
    const inflamed = findings.find(({ kind }) => kind === "inflammation");
    const infiltrate = inflamed && infiltrateOf(inflamed, discs);
    const scarred = findings.find(({ kind }) => kind === "fibrosis");
    const scar = scarred && scarOf(scarred, core, { discs, random });
    drawStroma(canvas, core, random);
    if (infiltrate !== undefined) drawHaze(canvas, core, infiltrate);
    const taken = discs.filter(({ kind }) => kind !== "inflammation");
    taken.push(...drawGlands(canvas, { axes, discs, scar, random }));
    const isFree: Test = (x, y) => core.distance(x, y) < -0.04 && isClear(taken, x, y, 0.03);
    if (scar !== undefined) paint(canvas, scar.shape, scar.options);
    const isStroma: Test = (x, y) => isFree(x, y) && !isScar(scar, x, y, 0.02);
    // A single band would drown among the cells.
    const areCells = scarred?.severity === "mild" ? isStroma : isFree;
    drawNuclei(canvas, isStroma, random);
    for (const disc of taken) LESIONS[disc.kind]?.(canvas, disc, random);
    if (infiltrate !== undefined) drawCells(canvas, infiltrate, areCells, random);
  },
};

/** Whether something may lie at a point. */
type Test = (x: number, y: number) => boolean;
type Scar = { readonly shape: Shape; readonly options: Paint };
type Infiltrate = Pick<Disc, "x" | "y"> & (typeof INFILTRATE)[Severity];

function discsOf(finding: Finding, random: Random): Unplaced[] {
  const { kind, count = 1, size = "medium", severity = "moderate" } = finding;
  let radius = 0;
  if (kind === "necrosis") radius = random.between(...NECROSIS_RADIUS[size]);
  if (kind === "giant cell") radius = random.between(0.14, 0.155);
  if (kind === "inflammation" && severity !== "severe") radius = INFILTRATE[severity].radius;
  return radius === 0 ? [] : Array.from({ length: count }, () => ({ kind, radius }));
}

/** A severe infiltrate has no disc: it lies around the middle. */
function infiltrateOf({ severity = "moderate" }: Finding, discs: readonly Disc[]): Infiltrate {
  const { x, y } = discs.find(({ kind }) => kind === "inflammation") ?? { x: 0, y: 0 };
  return { x, y, ...INFILTRATE[severity] };
}

/** Wavy bands of parallel strands, all in one direction. */
function scarOf(
  { severity = "moderate" }: Finding,
  core: Shape,
  { discs, random }: Pick<Around, "discs" | "random">,
): Scar {
  const { at, halfWidth, opacity } = SCAR[severity];
  const angle = random.between(0, 2 * Math.PI);
  // The side of a single band is the one without necrosis.
  const necrosis = discs.find(({ kind }) => kind === "necrosis") ?? { x: 0, y: 0 };
  const turn = Math.cos(angle) * necrosis.y > Math.sin(angle) * necrosis.x ? -1 : 1;
  const [cos, sin] = [turn * Math.cos(angle), turn * Math.sin(angle)];
  const [phase, wave] = [random.between(0, 2 * Math.PI), random.between(0.015, 0.035)];
  const across = (x: number, y: number): number =>
    cos * y - sin * x + wave * Math.sin(4 * (cos * x + sin * y) + phase);
  const middles = at.map((middle) => middle + random.between(-0.03, 0.03));
  const bands: Shape = {
    distance: (x, y) => {
      const place = across(x, y);
      let nearest = Infinity;
      for (const middle of middles) nearest = Math.min(nearest, Math.abs(place - middle));
      return nearest - halfWidth;
    },
    bounds: core.bounds,
  };
  const strands = (2 * Math.PI) / random.between(0.07, 0.08);
  return {
    shape: intersection(core, bands),
    options: {
      colour: [random.between(0.52, 0.58), random.between(0.46, 0.52), 0.79],
      opacity,
      texture: (x, y) => 0.13 * Math.sin(strands * across(x, y)),
      label: "fibrosis",
    },
  };
}

function isScar(scar: Scar | undefined, x: number, y: number, margin: number): boolean {
  return scar !== undefined && scar.shape.distance(x, y) < margin;
}

function isClear(discs: readonly Disc[], x: number, y: number, margin: number): boolean {
  return discs.every((disc) => Math.hypot(disc.x - x, disc.y - y) > disc.radius * 1.08 + margin);
}

function drawStroma(canvas: Canvas, core: Shape, random: Random): void {
  const clouds = smoothNoise(random, random.between(2, 4));
  const fibres = smoothNoise(random, random.between(6, 9));
  paint(canvas, core, {
    colour: [random.between(0.86, 0.93), random.between(0.52, 0.6), random.between(0.68, 0.75)],
    label: "histology",
    texture: (x, y) => 0.03 * clouds(x, y) + 0.03 * fibres(x * 0.4, y + 0.1 * x),
  });
}

type Around = {
  readonly axes: readonly [number, number];
  readonly discs: readonly Disc[];
  readonly scar: Scar | undefined;
  readonly random: Random;
};

/** Glands wherever no finding lies. */
function drawGlands(canvas: Canvas, { axes, discs, scar, random }: Around): readonly Disc[] {
  const glands: Disc[] = [];
  const wanted = random.integer(2, 4);
  for (let tries = 0; glands.length < wanted && tries < 40; tries++) {
    const radius = random.between(0.1, 0.15);
    const [angle, reach] = [random.between(0, 2 * Math.PI), 0.9 * Math.sqrt(random.uniform())];
    const x = (axes[0] - radius) * reach * Math.cos(angle);
    const y = (axes[1] - radius) * reach * Math.sin(angle);
    if (!isClear([...discs, ...glands], x, y, radius + 0.06)) continue;
    if (isScar(scar, x, y, radius + 0.04)) continue;
    const gland = { kind: "gland", x, y, radius };
    glands.push(gland);
    drawGland(canvas, gland, random);
  }
  return glands;
}

/** A ring of nuclei around a bright lumen. */
function drawGland(canvas: Canvas, { x, y, radius }: Disc, random: Random): void {
  const lumen = radius * random.between(0.42, 0.56);
  paint(canvas, ellipse(x, y, radius, radius), { colour: [0.76, 0.5, 0.74] });
  paint(canvas, blob([x, y], [lumen, lumen], 0.15, random), { colour: [0.96, 0.93, 0.95] });
  const count = Math.round((2 * Math.PI * radius) / 0.055);
  for (const [px, py] of ring(x, y, 0.84 * radius, count, 0)) {
    paint(canvas, ellipse(px, py, 0.022, 0.022), { colour: NUCLEUS });
  }
}

/** Points at equal distances on a circle. */
function ring(
  x: number,
  y: number,
  radius: number,
  count: number,
  start: number,
): [number, number][] {
  return Array.from({ length: count }, (_, index) => {
    const angle = start + (2 * Math.PI * index) / count;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}

/** Single nuclei of the stroma, on a grid shaken out of order. */
function drawNuclei(canvas: Canvas, isStroma: Test, random: Random): void {
  const step = random.between(0.13, 0.17);
  const radius = random.between(0.018, 0.024);
  for (let row = -0.85; row < 0.85; row += step) {
    for (let column = -0.85; column < 0.85; column += step) {
      const x = column + random.between(-0.4, 0.4) * step;
      const y = row + random.between(-0.4, 0.4) * step;
      const turn = random.between(0, Math.PI);
      if (!isStroma(x, y)) continue;
      paint(canvas, ellipse(x, y, radius * 1.4, radius, turn), { colour: NUCLEUS });
    }
  }
}

/** The blue tint that crowded cells give their surroundings. */
function drawHaze(canvas: Canvas, core: Shape, { x, y, radius, haze }: Infiltrate): void {
  paint(canvas, intersection(core, ellipse(x, y, radius, radius)), {
    colour: [0.5, 0.42, 0.75],
    opacity: haze,
    edge: 0.1,
    label: "inflammation",
  });
}

function drawCells(
  canvas: Canvas,
  { x, y, radius, cells }: Infiltrate,
  isFree: Test,
  random: Random,
): void {
  for (let cell = 0; cell < cells; cell++) {
    const [angle, reach] = [random.between(0, 2 * Math.PI), radius * Math.sqrt(random.uniform())];
    const [px, py] = [x + reach * Math.cos(angle), y + reach * Math.sin(angle)];
    if (!isFree(px, py)) continue;
    paint(canvas, ellipse(px, py, 0.021, 0.021), { colour: LYMPHOCYTE, label: "inflammation" });
  }
}

type Lesion = (canvas: Canvas, disc: Disc, random: Random) => void;

const LESIONS: Readonly<Record<string, Lesion>> = {
  necrosis: (canvas, { kind, x, y, radius }, random) => {
    const smudge = smoothNoise(random, 7);
    paint(canvas, blob([x, y], [radius, radius], 0.09, random), {
      colour: [0.96, 0.9, 0.76],
      edge: 0.05,
      label: kind,
      texture: (px, py) => 0.035 * smudge(px, py),
    });
  },
  "giant cell": (canvas, { kind, x, y, radius }, random) => {
    paint(canvas, ellipse(x, y, radius * 1.1, radius * 1.1), { colour: [0.95, 0.78, 0.86] });
    const cell = blob([x, y], [radius, radius], 0.03, random);
    paint(canvas, cell, { colour: [0.68, 0.28, 0.58], label: kind });
    const start = random.between(0, 2 * Math.PI);
    for (const [px, py] of ring(x, y, 0.64 * radius, random.integer(6, 8), start)) {
      paint(canvas, ellipse(px, py, 0.028, 0.028), { colour: [0.2, 0.06, 0.34] });
    }
  },
};
