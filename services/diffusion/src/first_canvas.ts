import { coveredCanvas, type Canvas } from "./canvas.ts";
import { templateCanvas } from "./choose.ts";
import type { DenoiseSettings } from "./denoise_settings.ts";

/** The canvas before the first run. */
export function firstCanvas(
  { genLength, plan }: Pick<DenoiseSettings, "genLength" | "plan">,
  maskId: number,
): Canvas {
  switch (plan.type) {
    case "fixed":
      return coveredCanvas(genLength, maskId);
    case "adaptive":
    case "words":
      return coveredCanvas(plan.startLength, maskId);
    case "template":
      return templateCanvas(plan, maskId);
    default:
      return plan satisfies never;
  }
}
