import { paint, type Canvas } from "../canvas.ts";
import type { Finding, FindingKind, PhantomFacts, Severity, Side, Size } from "../phantom.ts";
import type { Random, Range } from "../random.ts";
import { blob, capsule, difference, ellipse, union, type Shape } from "../shapes.ts";
import { smoothNoise } from "../texture.ts";
import type { Drawing } from "./drawing.ts";

type Field = (x: number, y: number) => number;

// Lengths in body units; the lung is about 0.7 wide and 1.4 high.
const NODULE_RADIUS = { small: [0.075, 0.08], medium: [0.108, 0.114], large: [0.15, 0.16] };
/** A thicker nodule stops more rays. */
const NODULE_LIGHT = { small: [0.66, 0.7], medium: [0.74, 0.78], large: [0.84, 0.9] };
const HAZE_RADIUS = { small: [0.13, 0.14], medium: [0.21, 0.22], large: [0.32, 0.34] };
/** Height of the fluid's surface above the top of the diaphragm. */
const FLUID_HEIGHT = { mild: [0.12, 0.15], moderate: [0.29, 0.32], severe: [0.46, 0.49] };
/** How far the lung has drawn back from the wall at its top. */
const COLLAPSE = { mild: [0.08, 0.09], moderate: [0.145, 0.16], severe: [0.23, 0.25] };
const HEART_WIDTH = {
  normal: [0.54, 0.59],
  mild: [0.73, 0.77],
  moderate: [0.9, 0.94],
  severe: [1.07, 1.12],
};

/** A frontal chest radiograph: dark lungs between bright soft tissue, as seen from the front. */
export const chestXray: Drawing = {
  channels: 1,
  background: (random) => random.between(0.01, 0.06),
  maxRotation: 0.1,
  draw,
};

function draw(canvas: Canvas, facts: PhantomFacts, random: Random): void {
  const found = new Map(facts.findings.map((finding) => [finding.kind, finding]));
  const chest = drawChest(found.get("cardiomegaly"), random);
  paintBody(canvas, chest.softLight, random);
  const lungs = random.shuffle([1, -1]).map((sign) => drawLung(sign, found, chest, random));
  for (const lung of lungs) paintLung(canvas, lung, chest, random);
  paintMiddle(canvas, chest, found.has("cardiomegaly"), random);
  const nodules = found.get("nodule");
  if (nodules !== undefined) paintNodules(canvas, nodules, lungs, random);
}

/** What both lungs share: light, lengths and shapes. */
type Chest = ReturnType<typeof drawChest>;

function drawChest(cardiomegaly: Finding | undefined, random: Random) {
  const severity = cardiomegaly === undefined ? "normal" : cardiomegaly.severity;
  const width = within(HEART_WIDTH, severity, random);
  const height = 0.26 + 0.08 * width + random.between(-0.015, 0.015); // half
  const [base, toTheLeft] = [random.between(0.5, 0.55), width * random.between(0.12, 0.15)];
  const tilt = random.between(0.15, 0.35);
  return {
    heart: union(
      ellipse(toTheLeft, base + 0.1 - height, width / 2, height, tilt),
      ellipse(0.04, 0.05, 0.17, 0.3, -0.15),
    ),
    lungLight: random.between(0.26, 0.32),
    softLight: random.between(0.48, 0.56),
    heartLight: random.between(0.6, 0.65),
    /** Half of it, and the height of its top. */
    lungWidth: random.between(0.335, 0.36),
    lungTop: random.between(-0.82, -0.76),
    /** Top of the diaphragm. */
    base,
    ribs: ribs(random),
  };
}

/** Light of bands that fall from the spine outwards. */
function ribs(random: Random): Field {
  const strength = random.between(0.035, 0.07);
  const often = (2 * Math.PI) / random.between(0.19, 0.24);
  const [slope, phase] = [random.between(0.25, 0.6), random.between(0, 2 * Math.PI)];
  return (x, y) => {
    const out = Math.abs(x) - 0.35;
    const wave = Math.sin((y - slope * out + 0.9 * out * out) * often + phase);
    return strength * Math.min(1, Math.max(0, 0.5 + 1.4 * wave));
  };
}

/** One lung and what is wrong with it. */
type Lung = {
  /** 1 is the patient's left (positive x), -1 the right. */
  readonly sign: number;
  /** Down to the diaphragm. */
  readonly field: Shape;
  readonly haze: Shape | undefined;
  readonly fluid: Shape | undefined;
  /** The lung that has drawn back from the wall, which free air surrounds. */
  readonly collapsed: Shape | undefined;
  /** How far a point is from everything but haze that it could touch or hide behind. */
  readonly room: Field;
};

function drawLung(
  sign: number,
  found: ReadonlyMap<FindingKind, Finding>,
  chest: Chest,
  random: Random,
): Lung {
  const here = (kind: FindingKind): Finding | undefined => {
    const finding = found.get(kind);
    return finding !== undefined && signsOf(finding.side).includes(sign) ? finding : undefined;
  };
  // The liver lifts the right side of the diaphragm.
  const base = chest.base + 0.02 * sign;
  const field = lungField(sign, base, chest);
  const [effusion, pneumothorax] = [here("effusion"), here("pneumothorax")];
  const height = effusion && within(FLUID_HEIGHT, effusion.severity, random);
  // Fluid hides the diaphragm below it.
  const fluid = height && pooled(lungField(sign, base + 0.1, chest), sign, base - height, random);
  const width = pneumothorax && within(COLLAPSE, pneumothorax.severity, random);
  const collapsed = width ? drawnBack(field, sign, width) : undefined;
  const room: Field = (x, y) =>
    Math.min(
      -(collapsed ?? field).distance(x, y),
      -field.distance(x, y),
      chest.heart.distance(x, y),
      sign * x - 0.17, // the mediastinum
      fluid ? fluid.distance(x, y) : 1,
    );
  const lung = { sign, field, fluid: fluid || undefined, collapsed, room, haze: undefined };
  const consolidation = here("consolidation");
  if (consolidation === undefined) return lung;
  const radius = within(HAZE_RADIUS, consolidation.size, random);
  // Nodules take the upper half, so the haze takes the lower.
  const rows: Range = here("nodule") === undefined ? [-0.8, 0.5] : [0.08, 0.5];
  const { centres } = place(1, 0.85 * radius, room, { sign, rows }, random);
  return { ...lung, haze: cloud(centres[0] ?? [sign * 0.4, 0], radius, field, random) };
}

/** Half an ellipse that leans to the spine, straight walls below it, and the diaphragm's dome. */
function lungField(sign: number, base: number, { lungWidth: rx, lungTop }: Chest): Shape {
  const [cx, cy, lean, dome] = [0.09 + rx, 0.2, 0.1, 0.5];
  const ry = cy - lungTop;
  const [inner, outer] = [sign * (cx - rx - lean), sign * (cx + rx)];
  return {
    distance: (x, y) => {
      const v = Math.min(0, (y - cy) / ry);
      const out = sign * x - cx + lean * v * v;
      const u = out / rx;
      const along = u * u + v * v;
      const steep = Math.sqrt((u * u) / (rx * rx) + (v * v) / (ry * ry)) + 1e-6;
      const level = Math.abs(out) - rx * Math.sqrt(Math.max(0, 1 - v * v));
      const wall = Math.max((along - Math.sqrt(along)) / steep, level);
      if (y < base - 0.3) return wall;
      return Math.max(wall, dome - Math.sqrt(out * out + (y - base - dome) * (y - base - dome)));
    },
    bounds: [Math.min(inner, outer), lungTop, Math.max(inner, outer), base + 0.3],
  };
}

/** Fluid up to a level, its surface drawn up along the wall. */
function pooled(field: Shape, sign: number, level: number, random: Random): Shape {
  const [middle, climb] = [random.between(0.36, 0.42), random.between(1, 1.4)];
  const surface: Field = (x, y) => level - climb * (sign * x - middle) ** 2 - y;
  const [left, , right, bottom] = field.bounds;
  return {
    distance: (x, y) => Math.max(field.distance(x, y), surface(x, y)),
    bounds: [left, level - 0.3, right, bottom],
  };
}

/** Air rises: the lung falls from the top and leaves the wall, less so further down. */
function drawnBack(field: Shape, sign: number, width: number): Shape {
  return {
    distance: (x, y) => {
      const away = width * Math.min(1, Math.max(0, (0.55 - y) / 0.8));
      return field.distance(x + sign * away, y - 0.9 * away);
    },
    bounds: field.bounds,
  };
}

/** A ragged patch within the lung. */
function cloud(centre: Range, radius: number, field: Shape, random: Random): Shape {
  const stretch = random.between(0.9, 1.1);
  const { distance, bounds } = blob(centre, [radius * stretch, radius / stretch], 0.2, random);
  const [ragged, torn] = [smoothNoise(random, 9), 0.25 * radius];
  return {
    distance: (x, y) => Math.max(distance(x, y) + torn * ragged(x, y), field.distance(x, y)),
    bounds: [bounds[0] - torn, bounds[1] - torn, bounds[2] + torn, bounds[3] + torn],
  };
}

function paintBody(canvas: Canvas, softLight: number, random: Random): void {
  const trunk = ellipse(0, 0.5, random.between(0.87, 0.9), 1.4);
  const shoulders = ellipse(0, random.between(-0.48, -0.4), 0.95, 0.5);
  // Parts meet well inside each other, so that no pixel is painted more often than needed.
  const parts: readonly Shape[] = [
    capsule([0, -1.3], [0, -0.8], 0.24),
    capsule([-0.8, -0.56], [-1.3, -0.35], 0.2),
    capsule([0.8, -0.56], [1.3, -0.35], 0.2),
    { ...shoulders, bounds: [-0.95, -1, 0.95, -0.3] },
    { ...trunk, bounds: [-0.9, -0.4, 0.9, 1.3] },
  ];
  const look = { colour: softLight, texture: lowerIsThicker, edge: 0.04, label: "chest_xray" };
  for (const part of parts) paint(canvas, part, look);
}

function lowerIsThicker(_: number, y: number): number {
  return 0.05 * y;
}

function paintLung(canvas: Canvas, lung: Lung, chest: Chest, random: Random): void {
  const { sign, field, collapsed, haze, fluid } = lung;
  const grain = smoothNoise(random, 8);
  const tissue: Field = (x, y) => chest.ribs(x, y) + 0.02 * grain(x, y);
  paint(canvas, field, { colour: chest.lungLight, texture: tissue, edge: 0.03 });
  paintVessels(canvas, sign, chest.lungLight + 0.16, random);
  if (haze !== undefined) {
    const patch = smoothNoise(random, 7);
    const look = { colour: random.between(0.58, 0.62), edge: 0.1, label: "consolidation" };
    paint(canvas, haze, { ...look, texture: (x, y) => 0.1 * patch(x, y) });
  }
  if (collapsed !== undefined) {
    // The pleura is a thin bright line between air and lung.
    const texture: Field = (x, y) =>
      collapsed.distance(x, y) < 0.025 ? 0.65 : 0.4 * chest.ribs(x, y);
    paint(canvas, difference(field, collapsed), { colour: 0.03, texture, label: "pneumothorax" });
  }
  if (fluid !== undefined) paint(canvas, fluid, { colour: 0.88, edge: 0.03, label: "effusion" });
  const end = random.between(-0.74, -0.66);
  paint(canvas, capsule([sign * 0.1, -0.56], [sign * 0.8, end], 0.035), {
    colour: 0.75,
    opacity: 0.3,
  });
}

/** Faint branches from the root of the lung. */
function paintVessels(canvas: Canvas, sign: number, colour: number, random: Random): void {
  const root: Range = [sign * 0.14, random.between(-0.1, -0.02)];
  for (const angle of [-1.2, -0.75, -0.3, 0.15, 0.6, 1.05]) {
    const turned = angle + random.between(-0.15, 0.15);
    const length = random.between(0.15, 0.23);
    const [dx, dy] = [sign * length * Math.cos(turned), 1.2 * length * Math.sin(turned)];
    const half: Range = [root[0] + dx, root[1] + dy];
    paint(canvas, capsule(root, half, 0.02), { colour, opacity: 0.6 });
    paint(canvas, capsule(half, [half[0] + dx, half[1] + dy], 0.01), { colour, opacity: 0.5 });
  }
}

/** Spine, great vessels, windpipe and heart. */
function paintMiddle(canvas: Canvas, chest: Chest, large: boolean, random: Random): void {
  const colour = chest.heartLight;
  const knob = ellipse(0.12, random.between(-0.3, -0.24), 0.09, 0.1);
  const middle = union(capsule([0.01, -0.7], [0.02, 1.4], random.between(0.12, 0.14)), knob);
  paint(canvas, middle, { colour, edge: 0.05, opacity: 0.95, label: "chest_xray" });
  const label = large ? "cardiomegaly" : "chest_xray";
  paint(canvas, chest.heart, { colour: colour + 0.03, edge: 0.04, label });
  paint(canvas, capsule([0, -1.1], [0.01, -0.2], 0.04), { colour: 0.4, opacity: 0.6, edge: 0.04 });
}

function paintNodules(
  canvas: Canvas,
  { side, count = 1, size }: Finding,
  lungs: readonly Lung[],
  random: Random,
): void {
  const colour = within(NODULE_LIGHT, size, random);
  const signs = signsOf(side);
  const chosen = lungs.filter(({ sign }) => signs.includes(sign));
  for (const [index, { sign, haze, room }] of chosen.entries()) {
    // Of three in two lungs, the first has two.
    const share = Math.floor((count + chosen.length - 1 - index) / chosen.length);
    const wanted = within(NODULE_RADIUS, size, random);
    const placed = (lowest: number, overlap: number): ReturnType<typeof place> => {
      const clear: Field = (x, y) => Math.min(room(x, y), (haze?.distance(x, y) ?? 1) + overlap);
      return place(share, wanted, clear, { sign, rows: [-0.8, lowest] }, random);
    };
    const beside = placed(haze === undefined ? 0.5 : 0.2, 0);
    // Large ones do not always fit beside haze; they are bright enough to lie on its edge.
    const { radius, centres } = beside.radius > 0.9 * wanted ? beside : placed(0.5, 0.5 * wanted);
    for (const centre of centres) {
      const shape = blob(centre, [radius, radius], 0.05, random);
      paint(canvas, shape, { colour, edge: 0.025, label: "nodule" });
    }
  }
}

/** Circles that stand apart from each other and have room; smaller where it is tight. */
function place(
  count: number,
  radius: number,
  room: Field,
  lung: { readonly sign: number; readonly rows: Range },
  random: Random,
): { readonly radius: number; readonly centres: readonly Range[] } {
  const pool: Range[] = [];
  for (let attempt = 0; attempt < 200; attempt++) {
    const [x, y] = [lung.sign * random.between(0.1, 0.8), random.between(...lung.rows)];
    if (room(x, y) > 1.03 * radius) pool.push([x, y]);
  }
  for (let gap = 3; gap > 2.25; gap -= 0.1) {
    const first = random.integer(0, Math.max(0, pool.length - 1));
    const centres: Range[] = [];
    for (const [x, y] of [...pool.slice(first), ...pool.slice(0, first)]) {
      const free = centres.every(([u, v]) => (x - u) ** 2 + (y - v) ** 2 > (gap * radius) ** 2);
      if (free && centres.push([x, y]) === count) return { radius, centres };
    }
  }
  return place(count, 0.97 * radius, room, lung, random);
}

function signsOf(side: Side | undefined): readonly number[] {
  return side === "both" ? [1, -1] : [side === "left" ? 1 : -1];
}

/** A number from the row of a table. */
function within<Key extends Size | Severity | "normal">(
  table: Readonly<Record<Key, readonly number[]>>,
  key: Key | undefined,
  random: Random,
): number {
  const [low, high] = key === undefined ? [] : table[key];
  if (low === undefined || high === undefined) {
    throw new RangeError("Cannot draw a finding as it lacks its size or severity");
  }
  return random.between(low, high);
}
