// Numeric inner loops: `!` stands where `noUncheckedIndexedAccess` would cost a branch per pixel.
import type { WarningCode } from "./image_warning.ts";
import type { RgbImage } from "./rgb_image.ts";

/** Shorter side in pixels, below which details are missing. */
const SMALL_SIDE = 48;
/** Of 255: that dark are nearly all pixels of a dark image, that bright nearly all of a bright one. */
const DARK_LEVEL = 30;
const BRIGHT_LEVEL = 225;
/** Share of the pixels that "nearly all" means. */
const NEARLY_ALL = 0.99;
/** Longer side in pixels at which blur is judged, as the model looks at about as many. */
const JUDGED_SIDE = 384;
/** Share of the steepness that is left when the image is smoothed once more: a sharp one loses much. */
const BLURRED_SHARE = 0.75;
/** Mean steepness in levels below which there are no edges to judge by. */
const FLAT = 0.5;

/** What makes an image hard to answer about. */
export function qualityWarnings(image: RgbImage): readonly WarningCode[] {
  const { data, width, height } = shrunkGrey(image);
  const share = (test: (level: number) => boolean): number =>
    data.filter(test).length / data.length;
  return [
    ...(Math.min(image.width, image.height) < SMALL_SIDE ? (["very_small"] as const) : []),
    ...(share((level) => level < DARK_LEVEL) > NEARLY_ALL ? (["very_dark"] as const) : []),
    ...(share((level) => level > BRIGHT_LEVEL) > NEARLY_ALL ? (["very_bright"] as const) : []),
    ...(isBlurred(data, width, height) ? (["blurred"] as const) : []),
  ];
}

type Grey = { readonly data: Float32Array; readonly width: number; readonly height: number };

/** Brightness, by means over squares so that the longer side is at most `JUDGED_SIDE`. */
function shrunkGrey({ data, width, height }: RgbImage): Grey {
  const step = Math.ceil(Math.max(width, height) / JUDGED_SIDE);
  const columns = Math.max(1, Math.floor(width / step));
  const rows = Math.max(1, Math.floor(height / step));
  const side = { x: Math.min(step, width), y: Math.min(step, height) };
  const grey = new Float32Array(columns * rows);
  for (let row = 0; row < rows * side.y; row++) {
    const target = Math.floor(row / side.y) * columns;
    for (let column = 0; column < columns * side.x; column++) {
      const at = (row * width + column) * 3;
      grey[target + Math.floor(column / side.x)]! += data[at]! + data[at + 1]! + data[at + 2]!;
    }
  }
  const sum = 3 * side.x * side.y;
  return { data: grey.map((level) => level / sum), width: columns, height: rows };
}

/**
 * Whether smoothing hardly changes the steepness of the edges.
 *
 * @see Crété-Roffet et al. 2007, "The blur effect: perception and estimation with a new no-reference perceptual blur metric"
 */
function isBlurred(data: Float32Array, width: number, height: number): boolean {
  if (width < SMALL_SIDE || height < SMALL_SIDE) return false;
  const across = steepness(data, height, width, { next: 1, line: width });
  const down = steepness(data, width, height, { next: width, line: 1 });
  return [across, down].every(
    ({ own, left, count }) => own > FLAT * count && left > BLURRED_SHARE * own,
  );
}

/** Half the width of the smoothing, in pixels. */
const REACH = 2;

/** The sum of differences between neighbours in a direction, and how much of it smoothing leaves. */
function steepness(
  data: Float32Array,
  lines: number,
  length: number,
  { next, line }: { readonly next: number; readonly line: number },
) {
  let own = 0;
  let left = 0;
  let count = 0;
  for (let each = 0; each < lines; each++) {
    for (let place = REACH + 1; place + REACH < length; place++) {
      const at = each * line + place * next;
      // Of two running means, all but the outermost pixels cancel out.
      const smoothed = data[at + REACH * next]! - data[at - (REACH + 1) * next]!;
      const difference = Math.abs(data[at]! - data[at - next]!);
      own += difference;
      left += Math.min(difference, Math.abs(smoothed) / (2 * REACH + 1));
      count++;
    }
  }
  return { own, left, count };
}
