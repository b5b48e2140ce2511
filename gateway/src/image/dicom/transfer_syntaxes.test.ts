import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import dicomParser from "dicom-parser";
import { describe, expect, test } from "vitest";
import { decodeDicom } from "./decode_dicom.ts";
import { COLUMNS, type DRAWN, ROWS, drawn } from "./testing/drawn_values.ts";

const LIMITS = { maxImageBytes: 1e6, maxImagePixels: 1e6 };
const FILES = join(import.meta.dirname, "testing/files");

/** The 16 that Cornerstone reads, by their names in PS3.6 Table A-1. */
const CORNERSTONE = [
  "1.2.840.10008.1.2", // Implicit VR Little Endian
  "1.2.840.10008.1.2.1", // Explicit VR Little Endian
  "1.2.840.10008.1.2.1.99", // Deflated Explicit VR Little Endian
  "1.2.840.10008.1.2.2", // Explicit VR Big Endian
  "1.2.840.10008.1.2.4.201", // HTJ2K, lossless
  "1.2.840.10008.1.2.4.202", // HTJ2K with RPCL options, lossless
  "1.2.840.10008.1.2.4.203", // HTJ2K
  "1.2.840.10008.1.2.4.50", // JPEG Baseline
  "1.2.840.10008.1.2.4.51", // JPEG Extended
  "1.2.840.10008.1.2.4.57", // JPEG Lossless
  "1.2.840.10008.1.2.4.70", // JPEG Lossless, first-order prediction
  "1.2.840.10008.1.2.4.80", // JPEG-LS Lossless
  "1.2.840.10008.1.2.4.81", // JPEG-LS Near-lossless
  "1.2.840.10008.1.2.4.90", // JPEG 2000 Lossless
  "1.2.840.10008.1.2.4.91", // JPEG 2000
  "1.2.840.10008.1.2.5", // RLE Lossless
];

test("there is a file that is read for each of Cornerstone's 16 transfer syntaxes", async () => {
  const syntaxes = new Set<string>();
  for (const file of globSync("*.dcm", { cwd: FILES })) {
    const bytes = readFileSync(join(FILES, file));
    const uid = dicomParser.parseDicom(bytes, { untilTag: "x00020010" }).string("x00020010") ?? "";
    if (file === "grey12_jpeg_extended_12.dcm") continue; // refused by name
    await decodeDicom(bytes, LIMITS, {});
    syntaxes.add(uid);
  }
  expect([...syntaxes].toSorted()).toEqual(CORNERSTONE);
});

describe("decodeDicom() reads what dcmtk, gdcm and OpenJPH wrote:", () => {
  test.each([
    "ct_explicit",
    "ct_implicit",
    "ct_big_endian",
    "ct_deflated",
    "ct_rle",
    "ct_jpeg_lossless_sv1",
    "ct_jpeg_ls",
    "ct_jpeg_2000",
    "ct_htj2k",
    "ct_htj2k_rpcl",
    "grey12_explicit",
    "grey12_rle",
    "grey12_jpeg_lossless_sv1",
    "grey12_jpeg_lossless_2",
    "grey12_jpeg_lossless_4",
    "grey12_jpeg_lossless_7",
    "grey12_jpeg_ls",
    "grey12_jpeg_2000",
    "grey12_htj2k",
    "grey8_explicit",
    "grey8_big_endian",
    "grey8_rle",
    "grey8_jpeg_lossless_sv1",
    "grey8_jpeg_ls",
    "grey8_jpeg_2000",
    "grey8_htj2k",
    "rgb_explicit",
    "rgb_planar",
    "rgb_big_endian",
    "rgb_rle",
    "rgb_jpeg_lossless_sv1",
    "rgb_jpeg_ls",
    "rgb_jpeg_2000",
    "rgb_htj2k",
  ])("%s, every pixel the same", async (name) => {
    const image = await decodeDicom(read(name), LIMITS, {});
    expect([image.width, image.height]).toEqual([COLUMNS, ROWS]);
    expect(worst(image.data, expectedLevels(name))).toBe(0);
  });

  test.each([
    // 2 of 4096 steps, stretched to 8 bits.
    { name: "grey12_jpeg_ls_near", tolerance: 1 },
    { name: "grey8_jpeg_baseline", tolerance: 6 },
    { name: "grey8_jpeg_extended", tolerance: 6 },
    { name: "grey8_jpeg_2000_lossy", tolerance: 16 },
    { name: "grey8_htj2k_lossy", tolerance: 2 },
    { name: "rgb_jpeg_baseline", tolerance: 24 },
    { name: "rgb_jpeg_baseline_422", tolerance: 24 },
    { name: "rgb_jpeg_baseline_as_rgb", tolerance: 8 },
    { name: "rgb_jpeg_2000_lossy", tolerance: 24 },
    { name: "rgb_htj2k_lossy", tolerance: 6 },
  ])("$name, within $tolerance of 255 levels", async ({ name, tolerance }) => {
    const { data } = await decodeDicom(read(name), LIMITS, {});
    expect(worst(data, expectedLevels(name))).toBeLessThanOrEqual(tolerance);
  });

  test.each(["frames_explicit", "frames_rle", "frames_jpeg_lossless"])(
    "%s, the frame that is chosen or the middle one",
    async (name) => {
      for (const number of [1, 2, 3]) {
        const { data, frame } = await decodeDicom(read(name), LIMITS, { frame: number });
        expect(frame).toEqual({ number, of: 3 });
        expect(worst(data, grey(drawn("grey8", number - 1)))).toBe(0);
      }
      const middle = await decodeDicom(read(name), LIMITS, {});
      expect(middle.frame).toEqual({ number: 2, of: 3 });
      await expect(decodeDicom(read(name), LIMITS, { frame: 4 })).rejects.toMatchObject({
        code: "invalid_request",
        field: "frame",
        message: "Cannot take frame 4 as the image must have it: it has 3",
      });
    },
  );

  test("12-bit JPEG Extended is refused by name", async () => {
    await expect(decodeDicom(read("grey12_jpeg_extended_12"), LIMITS, {})).rejects.toMatchObject({
      code: "unsupported_image",
      message: "Cannot read the DICOM file as JPEG Extended must have 8 bits a sample: it has 12",
    });
  });
});

test.each([
  "ct_rle",
  "ct_jpeg_lossless_sv1",
  "ct_jpeg_ls",
  "ct_jpeg_2000",
  "ct_htj2k",
  "ct_explicit",
  "ct_implicit",
  "ct_big_endian",
  "ct_deflated",
  "grey8_jpeg_baseline",
  "rgb_htj2k_lossy",
])("decodeDicom() refuses %s cut anywhere", async (name) => {
  const file = read(name);
  for (const share of [0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99]) {
    const cut = file.subarray(0, Math.floor(file.length * share));
    await expect(decodeDicom(cut, LIMITS, {})).rejects.toMatchObject({ code: "damaged_image" });
  }
});

test.each(["ct_jpeg_2000", "ct_htj2k", "ct_htj2k_rpcl", "rgb_jpeg_2000", "rgb_htj2k_lossy"])(
  "decodeDicom() refuses %s where a component has not a sample for each pixel, before decoding it",
  async (name) => {
    const file = Buffer.from(read(name));
    const head = file.indexOf("ff4fff51", 0, "hex");
    const last = head + 42 + 3 * (file.readUInt16BE(head + 40) - 1);
    for (const [at, step] of [
      [last + 1, 145],
      [last + 2, 145],
      [last + 2, 0],
    ] as const) {
      const changed = Buffer.from(file);
      changed[at] = step;
      await expect(decodeDicom(changed, LIMITS, {})).rejects.toMatchObject({
        code: "damaged_image",
        message: expect.stringContaining("the head of its codestream"),
      });
    }
  },
);

test.each([
  "ct_rle",
  "ct_jpeg_lossless_sv1",
  "ct_jpeg_ls",
  "ct_jpeg_2000",
  "ct_htj2k",
  "grey8_jpeg_baseline",
  "rgb_htj2k_lossy",
])("decodeDicom() refuses %s whose codestream is cut in a file that is whole", async (name) => {
  const file = Buffer.from(read(name));
  // The last fragment stands before the delimiter, which is 8 bytes.
  const fragment = file.lastIndexOf(Buffer.from([0xfe, 0xff, 0x00, 0xe0]));
  const start = fragment + 8;
  const length = file.readUInt32LE(fragment + 4);
  for (const share of [0.1, 0.3, 0.5, 0.7, 0.9, 0.98]) {
    const kept = 2 * Math.floor((length * share) / 2);
    const cut = Buffer.concat([file.subarray(0, start + kept), file.subarray(start + length)]);
    cut.writeUInt32LE(kept, fragment + 4);
    await expect(decodeDicom(cut, LIMITS, {})).rejects.toMatchObject({ code: "damaged_image" });
  }
});

function read(name: string): Uint8Array {
  return readFileSync(join(FILES, `${name}.dcm`));
}

/** What a screen shows of the drawn values. */
function expectedLevels(name: string): number[] {
  const kind = name.slice(0, name.indexOf("_")) as keyof typeof DRAWN;
  const values = drawn(kind);
  if (kind === "rgb") return values;
  if (kind === "grey8") return grey(values);
  if (kind === "grey12") {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return grey(values.map((value) => Math.round(((value - low) / (high - low)) * 255)));
  }
  // The file's first window: LINEAR, center 40, width 400 (PS3.3 C.11.2.1.2.1).
  return grey(
    values.map((value) => {
      const level = (value - 1024 - 39.5) / 399 + 0.5;
      return Math.round(Math.min(Math.max(level, 0), 1) * 255);
    }),
  );
}

function grey(levels: readonly number[]): number[] {
  return levels.flatMap((level) => [level, level, level]);
}

function worst(data: Uint8Array, expected: readonly number[]): number {
  expect(data.length).toBe(expected.length);
  return data.reduce((most, level, at) => Math.max(most, Math.abs(level - (expected[at] ?? 0))), 0);
}
