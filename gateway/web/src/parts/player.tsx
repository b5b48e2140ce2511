import { useMemo, useState } from "hono/jsx/dom";
import type { Answer } from "../conversation/conversation.ts";
import { applyFrame, type Canvas, firstCanvas } from "../fog/canvas.ts";
import { FogView } from "./fog_view.tsx";
import { Guard } from "./guard.tsx";
import { useReducedMotion } from "./use_reduced_motion.ts";
import { useEffect } from "../use_effect.ts";

/** How long a whole replay takes, and bounds on one step, in milliseconds. */
const [WHOLE_MS, SHORTEST_MS, LONGEST_MS] = [6000, 40, 500];

/** Goes through the steps of a finished answer. */
export function Player({ answer }: { readonly answer: Answer }) {
  const canvases = useMemo(() => canvasesOf(answer), [answer.frames]);
  const last = canvases.length - 1;
  const isStill = useReducedMotion();
  const [step, setStep] = useState(0);
  const [isPlaying, setIsPlaying] = useState(!isStill);
  useEffect(() => {
    if (!isPlaying) return undefined;
    if (step >= last) {
      setIsPlaying(false);
      return undefined;
    }
    const waitMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, WHOLE_MS / last));
    const timer = setTimeout(() => setStep(step + 1), waitMs);
    return () => clearTimeout(timer);
  }, [isPlaying, step, last]);

  const canvas = canvases[step];
  if (canvas === undefined) return null;
  const goTo = (to: number): void => {
    setIsPlaying(false);
    setStep(Math.min(last, Math.max(0, to)));
  };
  const play = (): void => {
    if (step >= last) setStep(0);
    setIsPlaying(!isPlaying);
  };
  return (
    <div class="player">
      <Guard>
        <FogView canvas={canvas} />
      </Guard>
      <div class="row">
        <button type="button" onClick={play}>
          {isPlaying ? "Pause" : "Play"}
        </button>
        <button type="button" aria-label="Step back" onClick={() => goTo(step - 1)}>
          ‹
        </button>
        <input
          type="range"
          aria-label="Step"
          min={0}
          max={last}
          value={step}
          onInput={({ target }: Event) => {
            if (target instanceof HTMLInputElement) goTo(Number(target.value));
          }}
        />
        <button type="button" aria-label="Step on" onClick={() => goTo(step + 1)}>
          ›
        </button>
        <span class="step">
          {`step ${step} of ${last}`}
          {answer.settings.template === undefined && blockText(canvas)}
        </span>
      </div>
    </div>
  );
}

/** The canvas before the first step and after each. */
function canvasesOf({ start, frames }: Answer): readonly Canvas[] {
  if (start === undefined) return [];
  const canvases = [firstCanvas(start)];
  for (const frame of frames) {
    const before = canvases.at(-1);
    if (before !== undefined) canvases.push(applyFrame(before, frame));
  }
  return canvases;
}

/** Which block it is, where there are several. Those of a template end where a choice is made, and are not counted. */
function blockText({ block, blockLength, tokens }: Canvas): string {
  const blocks = Math.ceil(tokens.length / blockLength);
  return blocks > 1 ? `, block ${block + 1} of ${blocks}` : "";
}
