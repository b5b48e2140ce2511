import { createCanvas } from "./canvas.ts";
import { drawFacts } from "./draw_facts.ts";
import { expose } from "./expose.ts";
import { chestXray } from "./modalities/chest_xray.ts";
import { ct } from "./modalities/ct.ts";
import type { Drawing } from "./modalities/drawing.ts";
import { gross } from "./modalities/gross.ts";
import { histology } from "./modalities/histology.ts";
import { mri } from "./modalities/mri.ts";
import type { Modality, Phantom, PhantomFacts, Split } from "./phantom.ts";
import { randomOf, type Random } from "./random.ts";

const DRAWINGS: Readonly<Record<Modality, Drawing>> = {
  chest_xray: chestXray,
  mri,
  ct,
  histology,
  gross,
};

/** Draws the phantom of a number; the same split, seed and number give the same pixels. */
export function drawPhantom(split: Split, seed: number, index: number): Phantom {
  const facts = drawFacts(randomOf(split, seed, index, "facts"));
  const { image, labels } = drawFrom(facts, randomOf(split, seed, index, "image"));
  return { id: `${split}-${String(index).padStart(6, "0")}`, facts, image, labels };
}

/** Draws given facts. */
export function drawFrom(facts: PhantomFacts, random: Random): Pick<Phantom, "image" | "labels"> {
  const drawing = DRAWINGS[facts.modality];
  const side = random.integer(112, 176);
  const size = {
    width: Math.round(side * random.between(0.92, 1.08)),
    height: side,
    channels: drawing.channels,
  };
  const pose = {
    rotation: random.between(-drawing.maxRotation, drawing.maxRotation),
    scale: random.between(0.9, 1.06),
    shift: [random.between(-0.05, 0.05), random.between(-0.05, 0.05)],
  } as const;
  const canvas = createCanvas(size, pose, drawing.background(random));
  drawing.draw(canvas, facts, random);
  const image = expose(
    canvas,
    {
      blur: random.integer(0, 1),
      noise: random.between(0.005, 0.035),
      contrast: random.between(0.85, 1.15),
      brightness: random.between(-0.05, 0.05),
      bits: drawing.channels === 1 && random.chance(0.3) ? 16 : 8,
    },
    random,
  );
  return { image, labels: canvas.labels };
}
