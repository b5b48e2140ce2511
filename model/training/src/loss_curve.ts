import type { LossPoint } from "./training_state.ts";

const WIDTH = 960;
const HEIGHT = 360;
const MARGIN = { left: 56, right: 16, top: 28, bottom: 40 } as const;
const COLOURS = ["#0b6e99", "#b4540a", "#3d7a3a", "#7a3d8f", "#a8323e"] as const;

/**
 * The losses of all stages one after another as an SVG picture, on a logarithmic scale: thin as measured, thick as a
 * running mean.
 */
export function lossCurve(losses: readonly LossPoint[]): string {
  const plotWidth = WIDTH - MARGIN.left - MARGIN.right;
  const plotHeight = HEIGHT - MARGIN.top - MARGIN.bottom;
  const logs = losses.map(({ loss }) => Math.log10(Math.max(loss, 1e-4)));
  const low = Math.floor(Math.min(0, ...logs));
  const high = Math.max(low + 1, Math.ceil(Math.max(0, ...logs)));
  const x = (index: number): number =>
    MARGIN.left + (plotWidth * index) / Math.max(1, losses.length - 1);
  const y = (log: number): number => MARGIN.top + (plotHeight * (high - log)) / (high - low);
  const parts: string[] = [];
  for (let decade = low; decade <= high; decade++) {
    parts.push(
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(decade)}" y2="${y(decade)}" stroke="#8884"/>`,
      `<text x="${MARGIN.left - 8}" y="${y(decade) + 4}" text-anchor="end">${10 ** decade}</text>`,
    );
  }
  const names = [...new Set(losses.map(({ stage }) => stage))];
  names.forEach((name, stage) => {
    const colour = COLOURS[stage % COLOURS.length] ?? COLOURS[0];
    const places = losses.flatMap((point, index) => (point.stage === name ? [index] : []));
    const line = (values: readonly number[]): string =>
      places.map((place, i) => `${x(place).toFixed(1)},${y(values[i] ?? 0).toFixed(1)}`).join(" ");
    const raw = places.map((place) => logs[place] ?? 0);
    parts.push(
      `<polyline points="${line(raw)}" fill="none" stroke="${colour}" stroke-opacity="0.3"/>`,
      `<polyline points="${line(smoothed(raw))}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      `<text x="${x(places[0] ?? 0)}" y="${HEIGHT - 14}" fill="${colour}">${name}</text>`,
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13" fill="#666">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="${MARGIN.left}" y="18">training loss of each stage, over its steps</text>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function smoothed(values: readonly number[]): number[] {
  let mean = values[0] ?? 0;
  return values.map((value) => (mean += (value - mean) * 0.1));
}
