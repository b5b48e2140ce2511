import { paint, type Canvas } from "../canvas.ts";
import type { Finding, PhantomFacts, Severity, Size } from "../phantom.ts";
import type { Random, Range } from "../random.ts";
import {
  blob,
  capsule,
  ellipse,
  halfPlane,
  intersection,
  union,
  type Shape,
  type Point,
} from "../shapes.ts";
import { smoothNoise } from "../texture.ts";
import { placeSpots, type Spot } from "../place_spots.ts";
import { sidesOf } from "../sides_of.ts";
import type { Drawing } from "./drawing.ts";

/** The brain from below, T2-weighted: water is bright, bone is dark, the forehead is at the top. */
export const mri: Drawing = {
  channels: 1,
  background: (random) => random.between(0.01, 0.05),
  maxRotation: 0.12,
  draw: drawBrain,
};

/** Radius of a tumor or hemorrhage, in body units. */
const MASS_RADIUS: Readonly<Record<Size, Range>> = {
  small: [0.09, 0.098],
  medium: [0.15, 0.16],
  large: [0.24, 0.255],
};

/** Half the width of a lateral ventricle, in body units. */
const VENTRICLE_RADIUS: Readonly<Record<Severity | "normal", Range>> = {
  normal: [0.032, 0.04],
  mild: [0.07, 0.077],
  moderate: [0.108, 0.116],
  severe: [0.15, 0.162],
};

const LESION_RADIUS: Range = [0.075, 0.082];

/** A tumor's dark core, as a share of its radius. */
const CORE_SHARE = 0.55;

/** Light of each tissue. */
const SCALP: Range = [0.5, 0.62];
const BONE: Range = [0.05, 0.1];
const WHITE_MATTER: Range = [0.36, 0.42];
const WATER: Range = [0.7, 0.76];
const BLOOD: Range = [0.02, 0.06];
const TUMOR_RIM: Range = [0.92, 1];
const TUMOR_CORE: Range = [0.1, 0.16];
const LESION = 1.1; // beyond the scanner's range, so that water never looks like it

/** Findings in the order of drawing: what is hard to see comes last. */
const ORDER: readonly Finding["kind"][] = ["tumor", "hemorrhage", "white matter lesion"];

function drawBrain(canvas: Canvas, { findings }: PhantomFacts, random: Random): void {
  const water = random.between(...WATER);
  const brain = drawHead(canvas, water, random);
  const hydrocephalus = findings.find(({ kind }) => kind === "hydrocephalus");
  const ventricles = drawVentricles(canvas, hydrocephalus?.severity, water, random);
  // Two kinds of mass keep to the front and the back, for both must find room on one side.
  const masses = findings.filter(({ size }) => size !== undefined).length;
  let end = random.chance(0.5) ? 1 : -1;
  const taken: Spot[] = [];
  for (const kind of ORDER) {
    const finding = findings.find((other) => other.kind === kind);
    if (finding === undefined) continue;
    for (const { sign, count } of sidesOf(finding, random)) {
      const range = finding.size === undefined ? LESION_RADIUS : MASS_RADIUS[finding.size];
      const radii = Array.from({ length: count }, () => random.between(...range));
      let region = intersection(brain, halfPlane(-sign, 0, -MIDLINE, brain.bounds));
      if (masses > 1 && finding.size !== undefined) {
        region = intersection(region, halfPlane(0, -end, 0, brain.bounds));
      }
      const spots = placeSpots({ region, radii, spacing: 3, taken, avoid: ventricles }, random);
      // Lobes reach further.
      taken.push(...spots.map(({ centre, radius }) => ({ centre, radius: 1.1 * radius })));
      for (const spot of spots) drawSpot(canvas, kind, { ...spot, brain }, random);
    }
    end = -end;
  }
}

/** Half the gap that findings leave between the hemispheres, in body units. */
const MIDLINE = 0.04;

/** Scalp, skull and brain; returns the brain. */
function drawHead(canvas: Canvas, water: number, random: Random): Shape {
  const [rx, ry] = [random.between(0.71, 0.77), random.between(0.83, 0.88)];
  const taper = random.between(0.03, 0.1); // the forehead is narrower than the back
  const egg = (inset: number): Shape => ovoid(rx - inset, ry - inset, taper);
  const scalp = random.between(0.03, 0.045);
  const bone = scalp + random.between(0.04, 0.055);
  const brain = egg(bone);
  paint(canvas, egg(0), { colour: random.between(...SCALP), label: "mri" });
  paint(canvas, egg(scalp), { colour: random.between(...BONE) });
  const colour = random.between(...WHITE_MATTER);
  paint(canvas, brain, { colour, texture: cortex(brain, water - colour, random) });
  for (const end of [-1, 1]) {
    const fissure = capsule([0, end * (ry - bone - 0.04)], [0, end * 0.33], 0.012);
    paint(canvas, fissure, { colour: water, opacity: 0.75 });
  }
  return brain;
}

/** Water between skull and brain, in body units. */
const WATER_WIDTH = 0.02;

/** An egg around the origin that is wider at the bottom, by a share of its width. */
function ovoid(rx: number, ry: number, taper: number): Shape {
  const widest = rx * (1 + taper);
  return {
    distance: (x, y) => {
      const v = y / ry;
      const u = x / (rx * (1 + taper * v));
      return (Math.sqrt(u * u + v * v) - 1) * rx;
    },
    bounds: [-widest, -ry, widest, ry],
  };
}

/**
 * A folded ribbon of grey matter with water around it and in its furrows, over slightly uneven white matter.
 *
 * @param wetness How much brighter than white matter water is.
 */
function cortex(brain: Shape, wetness: number, random: Random): (x: number, y: number) => number {
  const ribbon = random.between(0.09, 0.12); // body units
  const lift = random.between(0.11, 0.15);
  const furrow = random.between(0.16, 0.24);
  const folds = smoothNoise(random, random.between(9, 13));
  const furrows = smoothNoise(random, random.between(8, 10));
  const shading = smoothNoise(random, 2.5);
  return (x, y) => {
    const depth = -brain.distance(x, y) - WATER_WIDTH;
    if (depth < 0) return wetness;
    const uneven = 0.03 * shading(x, y);
    if (depth > 0.25) return uneven;
    const grey = clamp((ribbon + 0.08 * folds(x, y) - depth) / 0.03);
    const wet = clamp(1 - 4 * Math.abs(furrows(x, y))) * clamp(1.3 - depth / 0.13);
    return uneven + lift * grey + furrow * wet;
  };
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}

/** Two lateral ventricles and the third between them; returns them all. */
function drawVentricles(
  canvas: Canvas,
  severity: Severity | undefined,
  water: number,
  random: Random,
): Shape {
  const radius = random.between(...VENTRICLE_RADIUS[severity ?? "normal"]);
  const [front, back] = [random.between(0.17, 0.21), random.between(0.18, 0.23)];
  const spread = random.between(0.03, 0.06);
  const inner = 0.025 + radius;
  const lateral = [-1, 1].map((sign) => {
    const middle: Point = [sign * inner, 0.01];
    return union(
      capsule([sign * (inner + spread), -front], middle, radius),
      capsule(middle, [sign * (inner + spread + 0.02), back], radius),
    );
  });
  const third = capsule([0, -0.02], [0, 0.12], 0.012 + 0.15 * radius);
  const all = lateral.reduce(union, third);
  const label = severity === undefined ? {} : { label: "hydrocephalus" };
  paint(canvas, all, { colour: water, ...label });
  return all;
}

/** Roughness of a tumor's and of a hemorrhage's edge. */
const [LOBED, RAGGED] = [0.1, 0.2];

function drawSpot(
  canvas: Canvas,
  kind: Finding["kind"],
  { centre, radius, brain }: Spot & { readonly brain: Shape },
  random: Random,
): void {
  if (kind === "tumor") {
    const stretch = random.between(0.94, 1.06);
    const mass = blob(centre, [radius * stretch, radius / stretch], LOBED, random);
    const core = radius * CORE_SHARE;
    paint(canvas, mass, { colour: random.between(...TUMOR_RIM), label: kind });
    paint(canvas, blob(centre, [core, core], LOBED, random), {
      colour: random.between(...TUMOR_CORE),
    });
  } else if (kind === "hemorrhage") {
    const clots = smoothNoise(random, 12);
    const clot = blob(centre, [radius, radius], RAGGED, random);
    // Within the brain, so that it does not run into the dark skull.
    paint(canvas, intersection(clot, brain), {
      colour: random.between(...BLOOD),
      texture: (x, y) => 0.03 * clots(x, y),
      label: kind,
    });
  } else {
    paint(canvas, ellipse(centre[0], centre[1], radius, radius), { colour: LESION, label: kind });
  }
}
