import { renderToString } from "hono/jsx/dom/server";
import type { AnswerEvent } from "../../../src/answer_event.ts";
import {
  answerLength,
  applyFrame,
  type Canvas,
  clearCount,
  firstCanvas,
  type FogToken,
} from "./canvas.ts";
import { COLUMN_PX, Fog, fogHeight } from "./fog.tsx";
import css from "./fog.css?raw";
import { framesOf } from "./frames_of.ts";

/** Columns of a picture, and its margins, in pixels. */
const COLUMNS = 86;
const MARGIN_PX = 16;
const CAPTION_PX = 24;

/** How long each step of a moving picture stands, and the last one, in seconds. */
const [STEP_SECONDS, END_SECONDS] = [0.45, 4];

export type PictureOptions = {
  readonly question: string;
  /** How many moments of the answer are shown. */
  readonly moments: number;
};

/**
 * An answer's steps below each other, as an SVG.
 *
 * @param events Of a whole answer.
 * @throws {RangeError} If they hold no step.
 */
export function stillPicture(
  events: readonly AnswerEvent[],
  { question, moments }: PictureOptions,
): string {
  let y = CAPTION_PX + MARGIN_PX;
  const rows = pick(canvasesOf(events), moments).map((canvas) => {
    const top = y;
    y += CAPTION_PX + fogHeight(canvas, COLUMNS) + MARGIN_PX;
    return { canvas, top };
  });
  return renderToString(
    <Frame question={question} height={y}>
      {rows.map(({ canvas, top }) => (
        <g>
          <text class="caption" x={0} y={top + 14}>
            {captionOf(canvas)}
          </text>
          <Fog canvas={canvas} columns={COLUMNS} y={top + CAPTION_PX} />
        </g>
      ))}
    </Frame>,
  );
}

/**
 * An answer's steps one after the other, as an SVG that moves by itself.
 *
 * @throws {RangeError} As {@link stillPicture}.
 */
export function movingPicture(
  events: readonly AnswerEvent[],
  { question, moments }: PictureOptions,
): string {
  const canvases = pick(canvasesOf(events), moments);
  const fogTop = 2 * CAPTION_PX + MARGIN_PX;
  const height = fogTop + MARGIN_PX + Math.max(...canvases.map((each) => fogHeight(each, COLUMNS)));
  const seconds = (canvases.length - 1) * STEP_SECONDS + END_SECONDS;
  return renderToString(
    <Frame question={question} height={height}>
      {canvases.map((canvas, index) => (
        <g visibility="hidden">
          <animate
            attributeName="visibility"
            calcMode="discrete"
            repeatCount="indefinite"
            dur={`${seconds}s`}
            {...appearance(index, canvases.length, seconds)}
          />
          <text class="caption" x={0} y={CAPTION_PX + MARGIN_PX + 14}>
            {captionOf(canvas)}
          </text>
          <Fog canvas={canvas} columns={COLUMNS} y={fogTop} />
        </g>
      ))}
    </Frame>,
  );
}

function Frame({
  question,
  height,
  children,
}: {
  readonly question: string;
  readonly height: number;
  readonly children?: unknown;
}) {
  const width = COLUMNS * COLUMN_PX;
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={width + 2 * MARGIN_PX}
      height={height}
      viewBox={`${-MARGIN_PX} 0 ${width + 2 * MARGIN_PX} ${height}`}
    >
      <style>{`${css}
.caption { font: 13px system-ui, sans-serif; fill: #5b6873; }
.question { font: 600 15px system-ui, sans-serif; fill: #0e6a83; }
@media (prefers-color-scheme: dark) { .caption { fill: #a3b0bb; } .question { fill: #38bdf8; } }`}</style>
      <text class="question" x={0} y={CAPTION_PX}>
        {question}
      </text>
      {children}
    </svg>
  );
}

/** The canvas before the first step and after each. */
function canvasesOf(events: readonly AnswerEvent[]): readonly Canvas[] {
  const canvases: Canvas[] = [];
  for (const event of events) {
    const before = canvases.at(-1);
    if (event.type === "answer-start") {
      canvases.push(firstCanvas(event));
    } else if (event.type === "block-draft" && before !== undefined) {
      let canvas = before;
      for (const frame of framesOf(event, before))
        canvases.push((canvas = applyFrame(canvas, frame)));
    }
  }
  const last = canvases.at(-1);
  // How far the answer goes is drawn from the start: what stands behind its end never becomes part of it.
  if (last !== undefined && canvases.length > 1) return canvases.map((each) => upTo(each, last));
  throw new RangeError("Cannot draw the answer as it must have a step: it has none");
}

function upTo(canvas: Canvas, last: Canvas): Canvas {
  return { ...canvas, tokens: canvas.tokens.slice(0, answerLength(last)) };
}

/** `count` of them, evenly, with the first step and the last; one between shows a token covered again, if any does. */
function pick(canvases: readonly Canvas[], count: number): readonly Canvas[] {
  const last = canvases.length - 1;
  const shown = Math.min(count, last);
  const places = Array.from({ length: shown }, (_, index) =>
    shown === 1 ? last : 1 + Math.round((index * (last - 1)) / (shown - 1)),
  );
  const covering = canvases.findIndex(({ tokens }) => tokens.some(isCoveredAgain));
  if (covering > 1 && covering < last && shown > 2) {
    const gaps = places.slice(1, -1).map((place) => Math.abs(place - covering));
    places[1 + gaps.indexOf(Math.min(...gaps))] = covering;
  }
  return places.map((place) => canvases[place]).filter((canvas) => canvas !== undefined);
}

function isCoveredAgain({ state, revised }: FogToken): boolean {
  return revised && (state === "draft" || state === "covered");
}

/** When one of `count` pictures is seen. */
function appearance(index: number, count: number, seconds: number) {
  const from = (index * STEP_SECONDS) / seconds;
  const to = index === count - 1 ? 1 : ((index + 1) * STEP_SECONDS) / seconds;
  const moments = [0, ...(from > 0 ? [from] : []), ...(to < 1 ? [to] : [])];
  const values = moments.map((moment) => (moment >= from && moment < to ? "visible" : "hidden"));
  return {
    values: values.join(";"),
    keyTimes: moments.map((moment) => moment.toFixed(4)).join(";"),
  };
}

function captionOf(canvas: Canvas): string {
  const { forwardPasses } = canvas;
  const passes = `${forwardPasses} forward ${forwardPasses === 1 ? "pass" : "passes"}`;
  return `after ${passes}: ${clearCount(canvas)} of ${answerLength(canvas)} tokens`;
}
