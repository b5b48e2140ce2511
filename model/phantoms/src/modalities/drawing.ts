import type { Canvas, Colour } from "../canvas.ts";
import type { PhantomFacts } from "../phantom.ts";
import type { Random } from "../random.ts";

/** How one modality is drawn. */
export type Drawing = {
  readonly channels: 1 | 3;
  /** Light around the body. */
  readonly background: (random: Random) => Colour;
  /** Most that the picture is turned, in radians. */
  readonly maxRotation: number;
  /** Body and findings, in body coordinates; the patient's left lies at positive x. */
  readonly draw: (canvas: Canvas, facts: PhantomFacts, random: Random) => void;
};
