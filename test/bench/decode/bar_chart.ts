const WIDTH = 720;
const ROW = 26;
const LABEL = 150;

/** Horizontal bars with their values, as an SVG picture. */
export function barChart(
  title: string,
  bars: readonly { readonly label: string; readonly value: number }[],
): string {
  const most = Math.max(...bars.map(({ value }) => value));
  const height = 40 + bars.length * ROW;
  const rows = bars.map(({ label, value }, index) => {
    const y = 36 + index * ROW;
    const width = ((WIDTH - LABEL - 80) * value) / most;
    return [
      `<text x="${LABEL - 8}" y="${y + 14}" text-anchor="end">${label}</text>`,
      `<rect x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 8}" rx="3" fill="#0b6e99"/>`,
      `<text x="${LABEL + width + 6}" y="${y + 14}">${value.toFixed(0)}</text>`,
    ].join("");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" fill="#444"><rect width="100%" height="100%" fill="#fff"/><text x="8" y="20">${title}</text>${rows.join("")}</svg>\n`;
}
