import { useRef, useState } from "hono/jsx/dom";
import type { Answer } from "../conversation/conversation.ts";
import { applyFrame, type Canvas, firstCanvas } from "../fog/canvas.ts";
import { useEffect } from "../use_effect.ts";
import { useReducedMotion } from "./use_reduced_motion.ts";

/** How long a step is seen at most and at least, in milliseconds. */
const [LONGEST_MS, SHORTEST_MS] = [80, 40];

/** How long the fog goes on clearing after the answer's end, in milliseconds. */
const TAIL_MS = 1500;

/** The fog as it is seen; settled once nothing of it is left to be shown. */
export type PacedCanvas = { readonly canvas: Canvas | undefined; readonly isSettled: boolean };

type Shown = { readonly count: number; readonly canvas: Canvas | undefined };

/**
 * The steps of an answer one after the other: a run of the model holds many of them, which come all at once. What was there
 * before the answer was looked at is not shown again, and nothing is paced for who wants less motion.
 */
export function usePacedCanvas(answer: Answer): PacedCanvas {
  const { frames, status, canvas } = answer;
  const isStill = useReducedMotion();
  const [shown, setShown] = useState<Shown>({ count: frames.length, canvas });
  const atEnd = useRef(SLOWEST);
  const isRunning = status === "running";
  const waiting = frames.length - shown.count;
  const isPaced = !isStill && (isRunning || status === "done") && waiting > 0;
  useEffect(() => {
    if (!isRunning) atEnd.current = paceOf(waiting);
  }, [isRunning]);
  useEffect(() => {
    if (!isPaced) return undefined;
    const { waitMs, stride } = isRunning
      ? { ...paceOf(waiting), stride: 1 }
      : (atEnd.current ?? SLOWEST);
    const timer = setTimeout(() => setShown(advance(shown, answer, stride)), waitMs);
    return () => clearTimeout(timer);
  }, [isPaced, isRunning, shown]);
  return {
    canvas: isPaced ? (shown.canvas ?? covered(answer)) : canvas,
    isSettled: !isRunning && !isPaced,
  };
}

const SLOWEST = { waitMs: LONGEST_MS, stride: 1 };

/** How long each step is seen, and how many are taken together, so that `waiting` are through in time. */
function paceOf(waiting: number): typeof SLOWEST {
  const waitMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, TAIL_MS / Math.max(1, waiting)));
  return { waitMs, stride: Math.max(1, Math.ceil((waiting * waitMs) / TAIL_MS)) };
}

function advance({ count, canvas }: Shown, answer: Answer, by: number): Shown {
  const before = canvas ?? covered(answer);
  const frames = answer.frames.slice(count, count + by);
  return {
    count: count + frames.length,
    canvas: before && frames.reduce(applyFrame, before),
  };
}

function covered({ start }: Answer): Canvas | undefined {
  return start && firstCanvas(start);
}
