const WIDTH = 720;
const ROW = 26;
const HEAD = 34;
const LABEL = 290;
const VALUE = 90;

/** Bars of one unit, which share a scale. */
export type Bars = {
  readonly title: string;
  readonly bars: readonly { readonly label: string; readonly value: number }[];
};

/** Horizontal bars with their values, one group below the other, as an SVG picture. */
export function barChart(groups: readonly Bars[], origin: string): string {
  let y = 0;
  const parts = groups.flatMap(({ title, bars }) => {
    const most = Math.max(...bars.map(({ value }) => value));
    const head = `<text x="8" y="${y + 22}" font-weight="bold">${escaped(title)}</text>`;
    y += HEAD;
    const rows = bars.map(({ label, value }) => {
      const width = ((WIDTH - LABEL - VALUE) * value) / most;
      const row = [
        `<text x="${LABEL - 8}" y="${y + 14}" text-anchor="end">${escaped(label)}</text>`,
        `<rect x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 8}" rx="3" fill="#0b6e99"/>`,
        `<text x="${(LABEL + width + 6).toFixed(1)}" y="${y + 14}">${digits(value)}</text>`,
      ].join("");
      y += ROW;
      return row;
    });
    return [head, ...rows];
  });
  const height = y + 30;
  const foot = `<text x="8" y="${y + 20}" font-size="11" fill="#777">${escaped(origin)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" fill="#444"><rect width="100%" height="100%" fill="#fff"/>${parts.join("")}${foot}</svg>\n`;
}

/** Three digits that count. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
