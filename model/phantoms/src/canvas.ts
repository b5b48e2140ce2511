import { DENSE_CLASSES } from "./phantom.ts";
import type { Shape } from "./shapes.ts";

/** Where the body lies in the picture: body coordinates reach from -1 to 1, x to the right and y down. */
export type Pose = {
  /** Radians, clockwise. */
  readonly rotation: number;
  /** Half of the picture's side that one body unit takes. */
  readonly scale: number;
  /** In half sides of the picture. */
  readonly shift: readonly [number, number];
};

/** A picture in the making: light from 0 to 1, and what lies at each pixel. */
export type Canvas = {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** `[height, width, channels]` */
  readonly pixels: Float32Array;
  /** `[height, width]`: index into {@link DENSE_CLASSES}. */
  readonly labels: Uint8Array;
  readonly pose: Pose;
};

/** Grey, or red, green and blue. */
export type Colour = number | readonly [number, number, number];

export type Paint = {
  readonly colour: Colour;
  /** 1 covers, less lets through what lies below. Default 1. */
  readonly opacity?: number;
  /** Width over which the edge fades, in body units. Default 0.02. */
  readonly edge?: number;
  /** Added to the colour at each point of the body, such as a texture. */
  readonly texture?: (x: number, y: number) => number;
  /** What the shape is; absent for what is not asked about. */
  readonly label?: string;
};

export function createCanvas(
  size: { readonly width: number; readonly height: number; readonly channels: 1 | 3 },
  pose: Pose,
  background: Colour,
): Canvas {
  const { width, height, channels } = size;
  const pixels = new Float32Array(width * height * channels);
  for (let index = 0; index < pixels.length; index++) {
    pixels[index] = channelOf(background, index % channels);
  }
  return { ...size, pixels, labels: new Uint8Array(width * height), pose };
}

/** Lays a shape over what is there. */
export function paint(canvas: Canvas, shape: Shape, options: Paint): void {
  const { width, channels, pixels, labels } = canvas;
  const { colour, opacity = 1, edge = 0.02, texture } = options;
  const label = options.label === undefined ? -1 : DENSE_CLASSES.indexOf(options.label);
  if (options.label !== undefined && label < 0) {
    throw new RangeError(`Cannot paint "${options.label}" as it is no dense class`);
  }
  const [toX, toY] = bodyCoordinates(canvas);
  const [left, top, right, bottom] = pixelBounds(canvas, shape, edge);
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const x = toX(column, row);
      const y = toY(column, row);
      const distance = shape.distance(x, y);
      if (distance >= edge / 2) continue;
      const inside = distance <= -edge / 2 ? 1 : 0.5 - distance / edge;
      const place = row * width + column;
      if (label >= 0 && distance < 0) labels[place] = label;
      const cover = inside * opacity;
      const added = texture === undefined ? 0 : texture(x, y);
      for (let channel = 0; channel < channels; channel++) {
        const index = place * channels + channel;
        const below = pixels[index] ?? 0;
        pixels[index] = below + cover * (channelOf(colour, channel) + added - below);
      }
    }
  }
}

function channelOf(colour: Colour, channel: number): number {
  return typeof colour === "number" ? colour : (colour[channel] ?? 0);
}

type Coordinate = (column: number, row: number) => number;

/** From pixels to the body's coordinates. */
function bodyCoordinates({ width, height, pose }: Canvas): readonly [Coordinate, Coordinate] {
  const [cos, sin] = [Math.cos(pose.rotation) / pose.scale, Math.sin(pose.rotation) / pose.scale];
  const u = (column: number): number => ((column + 0.5) * 2) / width - 1 - pose.shift[0];
  const v = (row: number): number => ((row + 0.5) * 2) / height - 1 - pose.shift[1];
  return [
    (column, row) => cos * u(column) + sin * v(row),
    (column, row) => -sin * u(column) + cos * v(row),
  ];
}

/** The pixels that a shape can touch: columns and rows, ends excluded. */
function pixelBounds(
  { width, height, pose }: Canvas,
  { bounds: [left, top, right, bottom] }: Shape,
  edge: number,
): readonly [number, number, number, number] {
  const [cos, sin] = [Math.cos(pose.rotation) * pose.scale, Math.sin(pose.rotation) * pose.scale];
  const columns: number[] = [];
  const rows: number[] = [];
  for (const x of [left - edge, right + edge]) {
    for (const y of [top - edge, bottom + edge]) {
      columns.push(((cos * x - sin * y + pose.shift[0] + 1) * width) / 2);
      rows.push(((sin * x + cos * y + pose.shift[1] + 1) * height) / 2);
    }
  }
  return [
    Math.max(0, Math.floor(Math.min(...columns))),
    Math.max(0, Math.floor(Math.min(...rows))),
    Math.min(width, Math.ceil(Math.max(...columns))),
    Math.min(height, Math.ceil(Math.max(...rows))),
  ];
}
