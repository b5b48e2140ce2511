import { answerLength, type Canvas, clearCount, type FogToken, isEndMark } from "./canvas.ts";
import { layoutTokens, type Place } from "./layout.ts";

/** Width of a column and height of a line, in pixels. */
export const COLUMN_PX = 8.5;
const LINE_PX = 28;
const CHIP_PX = 22;

export type FogProps = {
  readonly canvas: Canvas;
  readonly columns: number;
  /** Place in a larger picture, in pixels. */
  readonly y?: number;
};

/** Height of the answer when it is set in `columns`, in pixels. */
export function fogHeight(canvas: Canvas, columns: number): number {
  return layoutTokens(shownTokens(canvas), columns).lines * LINE_PX;
}

/** The answer with the mark that ends it, and nothing behind. */
function shownTokens(canvas: Canvas): readonly FogToken[] {
  return canvas.tokens.slice(0, answerLength(canvas) + 1);
}

/**
 * The answer as a picture: covered places are fog, provisional tokens shine through by their confidence, committed ones
 * stand clear with a trace of fog where the model was unsure; what is given stands bold and was never fog. The block under way
 * is underlined; a token that was covered again has a dashed edge. Where it is certain that the answer ends, it says so.
 */
export function Fog({ canvas, columns, y = 0 }: FogProps) {
  const { places, lines } = layoutTokens(shownTokens(canvas), columns);
  const [width, height] = [columns * COLUMN_PX, lines * LINE_PX];
  return (
    <svg
      class="fog"
      role="img"
      aria-label={describe(canvas)}
      xmlns="http://www.w3.org/2000/svg"
      width={width}
      height={height}
      y={y}
      viewBox={`0 0 ${width} ${height}`}
    >
      {places.map((place) => {
        const token = canvas.tokens[place.position];
        if (token === undefined) return null;
        const { position } = place;
        const isCurrent = position >= canvas.from && position < canvas.to;
        return <Chip key={position} token={token} place={place} current={isCurrent} />;
      })}
    </svg>
  );
}

/** What the picture shows, in a sentence. */
export function describe(canvas: Canvas): string {
  const counts = `${clearCount(canvas)} of ${answerLength(canvas)}`;
  return `${counts} tokens are clear after ${canvas.forwardPasses} forward passes`;
}

function Chip({
  token,
  place,
  current,
}: {
  readonly token: FogToken;
  readonly place: Place;
  readonly current: boolean;
}) {
  const x = place.column * COLUMN_PX;
  const y = place.line * LINE_PX + (LINE_PX - CHIP_PX) / 2;
  const width = place.width * COLUMN_PX;
  if (token.state === "committed" && isEndMark(token.text)) {
    return (
      <g class="fog-end">
        <text x={x + 0.5} y={y + 16}>
          {place.label}
        </text>
      </g>
    );
  }
  const isOpen = current && (token.state === "covered" || token.state === "draft");
  return (
    <g class={`fog-${token.state}${token.revised ? " fog-revised" : ""}`}>
      <text
        x={x + 0.5}
        y={y + 16}
        textLength={place.label === "" ? undefined : width - 1}
        lengthAdjust="spacingAndGlyphs"
      >
        {place.label}
      </text>
      <rect
        class="fog-cover"
        x={x}
        y={y}
        width={width - 0.5}
        height={CHIP_PX}
        rx={4}
        fill-opacity={fogOf(token)}
      />
      <rect
        class="fog-block"
        x={x}
        y={y + CHIP_PX}
        width={width}
        height={2}
        fill-opacity={isOpen ? 1 : 0}
      />
    </g>
  );
}

/** How thick the fog over a token is, 0 to 1. */
function fogOf({ state, confidence }: FogToken): number {
  switch (state) {
    case "covered":
      return 1;
    case "draft":
      return 0.95 - 0.7 * confidence;
    case "committed":
      return 0.4 * (1 - confidence);
    case "given":
      return 0;
    default:
      return state satisfies never;
  }
}
