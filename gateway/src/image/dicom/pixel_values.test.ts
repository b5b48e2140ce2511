import { describe, expect, test } from "vitest";
import { decodeDicom } from "./decode_dicom.ts";
import { oneRowFile } from "./testing/one_row_file.ts";
import { type Attribute, words } from "./testing/write_dicom.ts";

const LIMITS = { maxImageBytes: 1e6, maxImagePixels: 1e6 };

async function levels(bytes: Uint8Array, choice = {}): Promise<number[]> {
  const { data } = await decodeDicom(bytes, LIMITS, choice);
  return [...data];
}

async function greys(bytes: Uint8Array, choice = {}): Promise<number[]> {
  return (await levels(bytes, choice)).filter((_, at) => at % 3 === 0);
}

const signed = ["00280103", "US", 1] as const;
const window = (center: string, width: string): Attribute[] => [
  ["00281050", "DS", center],
  ["00281051", "DS", width],
];
const table = (
  descriptor: readonly number[],
  entries: Uint8Array,
  vr = "US",
): readonly Attribute[] => [
  ["00283002", vr, descriptor],
  ["00283006", "OW", entries],
];

/** Slope and intercept of an enhanced file. */
const rescale = (slope: string): Attribute => [
  "00289145",
  "SQ",
  [
    [
      ["00281052", "DS", "0"],
      ["00281053", "DS", slope],
    ],
  ],
];

const colour = (photometric: string, ...more: Attribute[]): Attribute[] => [
  ["00280002", "US", 3],
  ["00280004", "CS", photometric],
  ...more,
];

describe("decodeDicom() windows as PS3.3 C.11.2 says:", () => {
  test("LINEAR", async () => {
    // y = ((x - (c - 0.5)) / (w - 1) + 0.5) * 255 between c - 0.5 ± (w - 1) / 2
    const values = [0, 1948, 1949, 2000, 2048, 2100, 2147, 2148, 4095];
    expect(await greys(oneRowFile({ bits: 16, values }, ...window("2048", "200")))).toEqual(
      values.map((x) => Math.round(Math.min(Math.max((x - 2047.5) / 199 + 0.5, 0), 1) * 255)),
    );
  });

  test("LINEAR of width 1 is a threshold", async () => {
    expect(
      await greys(oneRowFile({ bits: 16, values: [9, 10, 11] }, ...window("10", "1"))),
    ).toEqual([0, 255, 255]);
  });

  test("LINEAR_EXACT", async () => {
    const values = [9, 10, 12, 15, 18, 20, 21];
    const bytes = oneRowFile({ bits: 16, values }, ...window("15", "10"), [
      "00281056",
      "CS",
      "LINEAR_EXACT",
    ]);
    expect(await greys(bytes)).toEqual([0, 0, 51, 128, 204, 255, 255]);
  });

  test("SIGMOID", async () => {
    const values = [0, 50, 100, 150, 200];
    const bytes = oneRowFile({ bits: 16, values }, ...window("100", "100"), [
      "00281056",
      "CS",
      "SIGMOID",
    ]);
    expect(await greys(bytes)).toEqual(
      values.map((x) => Math.round(255 / (1 + Math.exp((-4 * (x - 100)) / 100)))),
    );
  });

  test("LUT sequence, entries of 12 bits, clipped at both ends", async () => {
    const bytes = oneRowFile({ bits: 16, values: [0, 10, 11, 12, 99] }, [
      "00283010",
      "SQ",
      [table([3, 10, 12], words(0, 2048, 4095))],
    ]);
    const image = await decodeDicom(bytes, LIMITS, {});
    expect(image.window).toEqual({ number: 1, of: 1, function: "LUT" });
    expect(await greys(bytes)).toEqual([0, 0, 128, 255, 255]);
  });

  test("several windows and a table, the first by default, any other by its number", async () => {
    const bytes = oneRowFile({ bits: 16, values: [0, 100, 200] }, ...window("100\\200", "201\\3"), [
      "00283010",
      "SQ",
      [table([2, 0, 16], words(65_535, 0))],
    ]);
    expect(await greys(bytes)).toEqual([1, 128, 255]);
    expect(await greys(bytes, { window: 1 })).toEqual([1, 128, 255]);
    expect(await greys(bytes, { window: 2 })).toEqual([0, 0, 191]);
    expect(await greys(bytes, { window: 3 })).toEqual([255, 0, 0]);
    expect((await decodeDicom(bytes, LIMITS, { window: 2 })).window).toEqual({
      number: 2,
      of: 3,
      function: "LINEAR",
      center: 200,
      width: 3,
    });
    await expect(decodeDicom(bytes, LIMITS, { window: 4 })).rejects.toMatchObject({
      code: "invalid_request",
      field: "window",
    });
  });

  test("none: more than 8 bits from smallest to largest, others as they are", async () => {
    expect(await greys(oneRowFile({ bits: 16, values: [1000, 1500, 2000] }))).toEqual([
      0, 128, 255,
    ]);
    expect(await greys(oneRowFile({ bits: 8, values: [7, 100, 200] }))).toEqual([7, 100, 200]);
    expect(await greys(oneRowFile({ bits: 16, values: [5, 5] }))).toEqual([0, 0]);
  });

  test("a width of 0 as none", async () => {
    const image = await decodeDicom(
      oneRowFile({ bits: 16, values: [0, 9] }, ...window("0", "0")),
      LIMITS,
      {},
    );
    expect(image.window).toEqual({ number: 0, of: 0, function: "MIN_MAX" });
  });
});

describe("decodeDicom() reads values:", () => {
  test("signed ones, through slope and intercept", async () => {
    const values = [-1000, 0, 1000].map((value) => value & 0xffff);
    const bytes = oneRowFile(
      { bits: 16, values },
      signed,
      ["00281053", "DS", "2"],
      ["00281052", "DS", " -500.0 "],
      ...window("-500", "4001"),
    );
    // -2500, -500 and 1500 in a window of -2500.5 to 1499.5
    expect(await greys(bytes)).toEqual([0, 128, 255]);
  });

  test("through a modality table, before the window", async () => {
    const bytes = oneRowFile(
      { bits: 16, values: [0, 1, 2] },
      ["00283000", "SQ", [table([3, 0, 16], words(200, 100, 0))]],
      ...window("100", "201"),
    );
    expect(await greys(bytes)).toEqual([255, 128, 1]);
  });

  test("12 bits in 16, without the overlay bits above them", async () => {
    const bytes = oneRowFile(
      { bits: 16, values: [0xf000, 0x5800, 0x0fff] },
      ["00280101", "US", 12],
      ["00280102", "US", 11],
    );
    expect(await greys(bytes)).toEqual([0, 128, 255]);
  });

  test("12 bits that end at the highest of 16", async () => {
    const bytes = oneRowFile(
      { bits: 16, values: [0x000f, 0x8000, 0xfff0] },
      ["00280101", "US", 12],
      ["00280102", "US", 15],
    );
    expect(await greys(bytes)).toEqual([0, 128, 255]);
  });

  test.each(
    Array.from({ length: 16 }, (_, index) => index + 1).flatMap((bits) => [
      { bits, sign: "unsigned" },
      { bits, sign: "signed" },
    ]),
  )("$bits bits, $sign, whatever stands in the bits above them", async ({ bits, sign }) => {
    const isSigned = sign === "signed";
    const allocated = bits > 8 ? 16 : 8;
    const [low, high] = isSigned ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
    const values = [low, Math.round((low + high) / 2), high];
    const mask = 2 ** bits - 1;
    // The opposite of what a sign that goes on would put there.
    const above = 2 ** allocated - 1 - mask;
    const stored = values.map((value) => (value & mask) | (value < 0 ? 0 : above));
    const bytes = oneRowFile(
      { bits: allocated, values: stored },
      ["00280101", "US", bits],
      ["00280102", "US", bits - 1],
      ["00280103", "US", isSigned ? 1 : 0],
      ...window(String((low + high) / 2), String(high - low)),
      ["00281056", "CS", "LINEAR_EXACT"],
    );
    expect(await greys(bytes)).toEqual(
      values.map((value) => Math.round(((value - low) / (high - low)) * 255)),
    );
    expect((await decodeDicom(bytes, LIMITS, {})).valueRange).toEqual([low, high]);
  });

  test("signed 8 bits", async () => {
    expect(await greys(oneRowFile({ bits: 8, values: [128, 0, 127, 255] }, signed))).toEqual([
      0, 128, 255, 127,
    ]);
  });

  test("single bits, the second frame from the middle of a byte", async () => {
    const bits: Attribute[] = [
      ["00280008", "IS", "2"],
      ["00280011", "US", 3],
    ];
    const bytes = oneRowFile({ bits: 1, values: [0b110_101, 0] }, ...bits);
    expect(await greys(bytes, { frame: 1 })).toEqual([255, 0, 255]);
    expect(await greys(bytes, { frame: 2 })).toEqual([0, 255, 255]);
  });

  test("MONOCHROME1 turned round", async () => {
    const inverse = ["00280004", "CS", "MONOCHROME1"] as const;
    expect(await greys(oneRowFile({ bits: 8, values: [0, 100, 255] }, inverse))).toEqual([
      255, 155, 0,
    ]);
  });

  test.each([
    { photometric: "MONOCHROME2", padding: [["00280120", "US", 3000]] },
    { photometric: "MONOCHROME1", padding: [["00280120", "US", 3000]] },
    {
      photometric: "MONOCHROME2",
      padding: [
        ["00280120", "US", 3500],
        ["00280121", "US", 2900],
      ],
    },
  ] as const)(
    "padding as black, outside of smallest and largest, $photometric",
    async ({ photometric, padding }) => {
      const bytes = oneRowFile(
        { bits: 16, values: [3000, 1000, 2000] },
        ["00280004", "CS", photometric],
        ...padding,
      );
      expect(await greys(bytes)).toEqual(photometric === "MONOCHROME1" ? [0, 255, 0] : [0, 0, 255]);
    },
  );

  test("signed padding", async () => {
    const bytes = oneRowFile(
      { bits: 16, values: [0xf830, 0xfc18, 100] },
      signed,
      ["00280120", "SS", -2000],
      ...window("-450", "1101"),
    );
    // -2000 is padding, -1000 the window's lower end
    expect(await greys(bytes)).toEqual([0, 0, 255]);
  });

  test("of an enhanced file, in the frame's own group, the shared one, or at the top", async () => {
    const bytes = oneRowFile(
      { bits: 16, values: [10, 20] },
      ["00280008", "IS", "2"],
      ["00280011", "US", 1],
      ["52009229", "SQ", [[rescale("1"), ["00289132", "SQ", [window("100", "201")]]]]],
      ["52009230", "SQ", [[rescale("10")], []]],
    );
    // 10 × 10 = 100, the middle of the shared window; 20 × 1 by the shared slope
    expect(await greys(bytes, { frame: 1 })).toEqual([128]);
    expect(await greys(bytes, { frame: 2 })).toEqual([26]);
  });
});

describe("decodeDicom() reads colours:", () => {
  test("RGB by pixel and by plane", async () => {
    const values = [1, 2, 3, 4, 5, 6];
    expect(await levels(oneRowFile({ bits: 8, values }, ...colour("RGB")))).toEqual(values);
    const planar = oneRowFile(
      { bits: 8, values: [1, 4, 2, 5, 3, 6] },
      ...colour("RGB", ["00280006", "US", 1]),
    );
    expect(await levels(planar)).toEqual(values);
  });

  test("RGB of 16 bits, cut to the upper 8", async () => {
    const values = [0xffff, 0x80ff, 0x0100];
    expect(await levels(oneRowFile({ bits: 16, values }, ...colour("RGB")))).toEqual([255, 128, 1]);
  });

  test("YBR_FULL", async () => {
    // ITU-R BT.601, full range: red, green, grey
    const values = [76, 85, 255, 150, 44, 21, 90, 128, 128];
    expect(await levels(oneRowFile({ bits: 8, values }, ...colour("YBR_FULL")))).toEqual([
      254, 0, 0, 0, 255, 1, 90, 90, 90,
    ]);
  });

  test("YBR_FULL_422", async () => {
    const half = colour("YBR_FULL_422", ["00280011", "US", 2]);
    expect(await levels(oneRowFile({ bits: 8, values: [90, 76, 128, 128] }, ...half))).toEqual([
      90, 90, 90, 76, 76, 76,
    ]);
  });

  test("and refuses a palette that is written in segments, by name", async () => {
    const segments = ["1", "2", "3"].flatMap((each): Attribute[] => [
      [`0028110${each}`, "US", [2, 0, 16]],
      [`0028122${each}`, "OW", words(0, 2, 0, 0xffff)],
    ]);
    const bytes = oneRowFile(
      { bits: 8, values: [0, 1] },
      ["00280004", "CS", "PALETTE COLOR"],
      ...segments,
    );
    await expect(decodeDicom(bytes, LIMITS, {})).rejects.toMatchObject({
      code: "unsupported_image",
      message: "Cannot read the DICOM file as its palette must be whole: it is written in segments",
    });
  });

  test.each([
    { entries: "16 bits", descriptor: [2, 5, 16], data: words(0, 0xff00) },
    { entries: "8 bits, two to a word", descriptor: [2, 5, 8], data: Uint8Array.of(0, 255) },
    { entries: "8 bits, one to a word", descriptor: [2, 5, 8], data: words(0, 255) },
  ])("a palette of $entries", async ({ descriptor, data }) => {
    const palette: Attribute[] = ["1", "2", "3"].flatMap((each): Attribute[] => [
      [`0028110${each}`, "US", descriptor],
      [
        `0028120${each}`,
        "OW",
        each === "2" ? data.toReversed().map((_, at) => data[at] ?? 0) : data,
      ],
    ]);
    const bytes = oneRowFile(
      { bits: 8, values: [0, 5, 6, 200] },
      ["00280004", "CS", "PALETTE COLOR"],
      ...palette,
    );
    expect(await levels(bytes)).toEqual([0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255]);
  });
});
