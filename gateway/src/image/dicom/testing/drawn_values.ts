/** Size of the drawn frames, in pixels. */
export const COLUMNS = 64;
export const ROWS = 48;

/** What the test files hold, as a formula of the pixel: a body with a bright inset, and grain. */
export const DRAWN = {
  /** Signed, Hounsfield units plus 1024. */
  ct: (x: number, y: number) =>
    1000 - (hypot(x, y) < 20 ? 0 : 1900) + grain(x, y, 64) + inset(x, y) * 900,
  /** Unsigned, 12 bits. */
  grey12: (x: number, y: number) => clamp(40 * x + 20 * y + grain(x, y, 200), 4095),
  /** Unsigned, 8 bits. */
  grey8: (x: number, y: number) => clamp(3 * x + y + inset(x, y) * 50 + grain(x, y, 6), 255),
  /** 8 bits each. */
  rgb: (x: number, y: number, colour: number) =>
    clamp([4 * x, 5 * y, 2 * x + 2 * y][colour] ?? 0, 255),
} as const;

/** A frame of a formula, `[ROWS, COLUMNS]`, or with colours last. */
export function drawn(kind: keyof typeof DRAWN, frame = 0): number[] {
  const samples = kind === "rgb" ? 3 : 1;
  return Array.from({ length: ROWS * COLUMNS * samples }, (_, at) => {
    const pixel = Math.floor(at / samples);
    return DRAWN[kind]((pixel % COLUMNS) + frame, Math.floor(pixel / COLUMNS), at % samples);
  });
}

function hypot(x: number, y: number): number {
  return Math.hypot(x - COLUMNS / 2, y - ROWS / 2);
}

function inset(x: number, y: number): number {
  return x >= 10 && x < 20 && y >= 6 && y < 12 ? 1 : 0;
}

function grain(x: number, y: number, size: number): number {
  return (Math.imul(x * 31 + y * 17, 2654435761) >>> 16) % size;
}

function clamp(value: number, last: number): number {
  return Math.min(value, last);
}
