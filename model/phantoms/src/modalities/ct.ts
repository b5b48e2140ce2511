import { paint, type Canvas } from "../canvas.ts";
import type { Finding, FindingKind, PhantomFacts, Severity, Size } from "../phantom.ts";
import type { Random, Range } from "../random.ts";
import {
  capsule,
  difference,
  ellipse,
  halfPlane,
  intersection,
  union,
  type Shape,
  type Point,
} from "../shapes.ts";
import { placeSpots, type Spot } from "../place_spots.ts";
import { sidesOf } from "../sides_of.ts";
import { smoothNoise } from "../texture.ts";
import type { Drawing } from "./drawing.ts";

/** The upper abdomen with contrast medium, seen from the feet: the belly is at the top. */
export const ct: Drawing = {
  channels: 1,
  background: (random) => random.between(0, 0.03),
  maxRotation: 0.08,
  draw: drawAbdomen,
};

/** Radius of a lesion or a cyst, in body units. */
const LESION_RADIUS: Readonly<Record<Size, Range>> = {
  small: [0.075, 0.078],
  medium: [0.109, 0.114],
  large: [0.156, 0.163],
};

/** Radius of the aorta, in body units. */
const AORTA_RADIUS: Readonly<Record<Size | "normal", Range>> = {
  normal: [0.05, 0.055],
  small: [0.088, 0.094],
  medium: [0.138, 0.146],
  large: [0.205, 0.216],
};

/** How thick the fluid is, in body units, and its light. */
const ASCITES: Readonly<Record<Severity, { thickness: Range; light: number }>> = {
  mild: { thickness: [0.07, 0.078], light: 0.38 },
  moderate: { thickness: [0.115, 0.124], light: 0.4 },
  severe: { thickness: [0.165, 0.175], light: 0.42 },
};

const STONE_RADIUS: Range = [0.052, 0.056];
const KIDNEY: Point = [0.165, 0.215]; // half axes

/** Light of each tissue. */
const FAT: Range = [0.07, 0.11];
const MUSCLE: Range = [0.54, 0.6];
const BONE: Range = [0.9, 1];
const LIVER: Range = [0.58, 0.64];
const SPLEEN: Range = [0.56, 0.62];
const CORTEX: Range = [0.54, 0.6]; // of the kidneys
const BOWEL: Range = [0.34, 0.42];
const AORTA: Range = [0.82, 0.88];
const LESION: Range = [0.2, 0.24];
const CYST: Range = [0.02, 0.05];
const STONE = 1.15; // beyond the scanner's range, so that blur leaves it bright

type Anatomy = {
  readonly cavity: Shape;
  readonly liver: Shape;
  readonly aorta: Spot;
  /** By sign of x: the patient's right and left. */
  readonly kidneys: ReadonlyMap<number, Point>;
};

function drawAbdomen(canvas: Canvas, { findings }: PhantomFacts, random: Random): void {
  const of = (kind: FindingKind): Finding | undefined =>
    findings.find((finding) => finding.kind === kind);
  const anatomy = drawAnatomy(canvas, of("ascites"), of("aortic aneurysm"), random);
  const cysts = drawCysts(canvas, anatomy, of("kidney cyst"), random);
  drawStones(canvas, anatomy, { stones: of("kidney stone"), cysts }, random);
  drawLesions(canvas, anatomy, { lesions: of("liver lesion"), cysts }, random);
}

function drawAnatomy(
  canvas: Canvas,
  ascites: Finding | undefined,
  aneurysm: Finding | undefined,
  random: Random,
): Anatomy {
  const cavity = drawWall(canvas, random);
  const inner = drawFluid(canvas, cavity, ascites, random);
  const liver = drawOrgans(canvas, inner, random);
  const spine = random.between(0.34, 0.37);
  const kidneys = new Map<number, Point>();
  for (const sign of [-1, 1]) {
    const kidney: Point = [sign * random.between(0.33, 0.36), random.between(0.3, 0.34)];
    kidneys.set(sign, kidney);
    paint(canvas, kidneyAt(kidney, 0.03), { colour: FAT[0] });
    paint(canvas, kidneyAt(kidney, 0), { colour: random.between(...CORTEX) });
    // The muscle between kidney and spine.
    paint(canvas, ellipse(sign * 0.2, 0.5, 0.08, 0.1), { colour: MUSCLE[0] });
  }
  drawSpine(canvas, spine, random);
  const radius = random.between(...AORTA_RADIUS[aneurysm?.size ?? "normal"]);
  const [x, y] = [random.between(0.02, 0.06), spine - 0.14 - radius];
  const cava = ellipse(-0.11, spine - 0.17, 0.06, 0.045);
  paint(canvas, cava, { colour: MUSCLE[1] });
  paint(canvas, ellipse(x, y, radius, radius), {
    colour: random.between(...AORTA),
    ...(aneurysm === undefined ? {} : { label: aneurysm.kind }),
  });
  return { cavity, liver, aorta: { centre: [x, y], radius }, kidneys };
}

/** Skin, fat, muscle and ribs; returns what they enclose. */
function drawWall(canvas: Canvas, random: Random): Shape {
  const [rx, ry] = [random.between(0.86, 0.9), random.between(0.77, 0.82)];
  const body = ellipse(0, 0, rx, ry);
  const fat = random.between(...FAT);
  const muscle = random.between(...MUSCLE);
  const outer = random.between(0.04, 0.07);
  const wall = outer + 0.055;
  // One pass for all layers: each starts at a depth below the skin.
  const texture = (x: number, y: number): number => {
    const depth = -body.distance(x, y);
    const lean = Math.max(ramp(SKIN - depth), Math.min(ramp(depth - outer), ramp(wall - depth)));
    return lean * (muscle - fat);
  };
  paint(canvas, body, { colour: fat, texture, label: "ct" });
  const middle = 1 - (outer + 0.028) / ry;
  const bone = random.between(...BONE);
  const offset = random.between(0, 0.2);
  for (const sign of [-1, 1]) {
    for (let rib = 0; rib < 5; rib++) {
      // Angles from the flank: towards the belly are negative.
      const angle = -0.75 + 0.42 * rib + offset;
      const end = (turn: number): Point => [
        sign * middle * rx * Math.cos(turn),
        middle * ry * Math.sin(turn),
      ];
      paint(canvas, capsule(end(angle - 0.07), end(angle + 0.07), 0.022), { colour: bone });
    }
  }
  return inset(body, wall);
}

/** In body units. */
const SKIN = 0.015;

/** From 0 to 1 over the width of an edge. */
function ramp(depth: number): number {
  return Math.min(1, Math.max(0, 0.5 + depth / 0.02));
}

/** What is left of an ellipse around the origin under a layer. */
function inset({ bounds: [, , rx, ry] }: Shape, thickness: number): Shape {
  return ellipse(0, 0, rx * (1 - thickness / ry), ry - thickness);
}

/** Fluid along the abdominal wall; returns the room that it leaves to the organs. */
function drawFluid(
  canvas: Canvas,
  cavity: Shape,
  ascites: Finding | undefined,
  random: Random,
): Shape {
  if (ascites?.severity === undefined) return inset(cavity, 0.02);
  const { thickness, light } = ASCITES[ascites.severity];
  const width = random.between(...thickness);
  // The fluid stays in front of spine and kidneys.
  const room = difference(halfPlane(0, 1, 0.36, cavity.bounds), inset(cavity, width));
  paint(canvas, intersection(cavity, room), { colour: light, label: ascites.kind });
  return inset(cavity, width + 0.035);
}

/** Bowel, spleen and liver; returns the liver. */
function drawOrgans(canvas: Canvas, inner: Shape, random: Random): Shape {
  const content = random.between(...BOWEL);
  for (const [x, y] of BOWEL_LOOPS) {
    const centre: Point = [x + random.between(-0.04, 0.04), y + random.between(-0.04, 0.04)];
    const [rx, ry] = [random.between(0.08, 0.12), random.between(0.07, 0.1)];
    const turn = random.between(-1, 1);
    const loop = (size: number): Shape =>
      intersection(ellipse(centre[0], centre[1], rx * size, ry * size, turn), inner);
    paint(canvas, loop(1), { colour: content + 0.1 });
    paint(canvas, loop(0.75), { colour: content });
  }
  const [, , rx] = inner.bounds;
  const spleen = ellipse(rx - 0.13, random.between(-0.12, -0.04), 0.13, 0.25, 0.2);
  paint(canvas, intersection(spleen, inner), { colour: random.between(...SPLEEN) });
  const grain = smoothNoise(random, 14);
  const liver = intersection(
    union(
      ellipse(random.between(-0.42, -0.39), random.between(-0.12, -0.08), 0.38, 0.48, 0.1),
      ellipse(random.between(-0.08, -0.04), random.between(-0.36, -0.32), 0.36, 0.24, -0.15),
    ),
    inner,
  );
  const texture = (x: number, y: number): number => 0.02 * grain(x, y);
  paint(canvas, liver, { colour: random.between(...LIVER), texture });
  return liver;
}

/** Centres of the loops, in body units. */
const BOWEL_LOOPS: readonly Point[] = [
  [0.3, -0.36],
  [0.5, -0.28],
  [0.36, -0.14],
  [0.24, 0.02],
  [0.44, 0.04],
];

function kidneyAt([x, y]: Point, margin: number): Shape {
  return ellipse(x, y, KIDNEY[0] + margin, KIDNEY[1] + margin, Math.sign(x) * -0.2);
}

function drawSpine(canvas: Canvas, y: number, random: Random): void {
  const colour = random.between(...BONE);
  paint(canvas, capsule([0, y + 0.1], [0, y + 0.22], 0.03), { colour });
  paint(canvas, capsule([-0.14, y + 0.15], [0.14, y + 0.15], 0.025), { colour });
  paint(canvas, ellipse(0, y, 0.13, 0.115), { colour: colour - 0.12 });
  paint(canvas, ellipse(0, y, 0.105, 0.09), { colour: colour - 0.2 });
  paint(canvas, ellipse(0, y + 0.13, 0.04, 0.035), { colour: MUSCLE[0] });
}

/** A dark ball that bulges out of a kidney's flank, in a thin coat of kidney. */
function drawCysts(
  canvas: Canvas,
  { cavity, kidneys }: Anatomy,
  cyst: Finding | undefined,
  random: Random,
): readonly Spot[] {
  if (cyst?.size === undefined) return [];
  const range = LESION_RADIUS[cyst.size];
  return sidesOf(cyst, random).map(({ sign }) => {
    const [x, y] = kidneys.get(sign) ?? [0, 0];
    const radius = random.between(...range);
    const angle = random.between(-1.35, -0.85); // from the flank towards the belly
    let reach = 0.17 + 0.5 * radius;
    const at = (): Point => [x + sign * reach * Math.cos(angle), y + reach * Math.sin(angle)];
    while (reach > 0 && cavity.distance(...at()) > -radius - CYST_WALL) reach -= 0.01;
    const [cx, cy] = at();
    const coat = radius + CYST_WALL;
    paint(canvas, ellipse(cx, cy, coat, coat), { colour: CORTEX[1] });
    const ball = ellipse(cx, cy, radius, radius);
    paint(canvas, ball, { colour: random.between(...CYST), label: cyst.kind });
    return { centre: [cx, cy], radius: coat };
  });
}

/** In body units. */
const CYST_WALL = 0.03;

/** Nowhere. */
const NOTHING: Shape = { distance: () => Infinity, bounds: [0, 0, 0, 0] };

function drawStones(
  canvas: Canvas,
  { kidneys }: Anatomy,
  { stones, cysts }: { readonly stones: Finding | undefined; readonly cysts: readonly Spot[] },
  random: Random,
): void {
  if (stones === undefined) return;
  for (const { sign, count } of sidesOf(stones, random)) {
    const kidney = kidneyAt(kidneys.get(sign) ?? [0, 0], 0.02);
    const radii = Array.from({ length: count }, () => random.between(...STONE_RADIUS));
    const placement = { region: kidney, radii, spacing: 3, taken: cysts, avoid: NOTHING };
    for (const { centre, radius } of placeSpots(placement, random)) {
      const stone = ellipse(centre[0], centre[1], radius, radius);
      paint(canvas, stone, { colour: STONE, label: stones.kind });
    }
  }
}

function drawLesions(
  canvas: Canvas,
  { liver, aorta, kidneys }: Anatomy,
  { lesions, cysts }: { readonly lesions: Finding | undefined; readonly cysts: readonly Spot[] },
  random: Random,
): void {
  if (lesions?.size === undefined) return;
  const range = LESION_RADIUS[lesions.size];
  const radii = Array.from({ length: lesions.count ?? 1 }, () => random.between(...range));
  const placement = {
    region: liver,
    radii,
    spacing: 2.5,
    taken: [...cysts, aorta],
    avoid: kidneyAt(kidneys.get(-1) ?? [0, 0], 0),
  };
  for (const { centre, radius } of placeSpots(placement, random)) {
    const lesion = ellipse(centre[0], centre[1], radius, radius);
    paint(canvas, lesion, { colour: random.between(...LESION), edge: 0.03, label: lesions.kind });
  }
}
