import { describe, expect, test } from "vitest";
import { decodeDicom } from "./decode_dicom.ts";
import { oneRowFile } from "./testing/one_row_file.ts";
import { writeDicom } from "./testing/write_dicom.ts";

const LIMITS = { maxImageBytes: 1e6, maxImagePixels: 1e6 };

describe("decodeDicom() refuses", () => {
  const plain = { bits: 8, values: [1, 2, 3, 4] } as const;

  test.each([
    { what: "no pixels", bytes: writeDicom([["00080060", "CS", "SR"]]), code: "unsupported_image" },
    {
      what: "CMYK",
      bytes: oneRowFile(plain, ["00280004", "CS", "CMYK"]),
      code: "unsupported_image",
    },
    {
      what: "32 bits",
      bytes: oneRowFile(plain, ["00280100", "US", 32]),
      code: "unsupported_image",
    },
    { what: "0 rows", bytes: oneRowFile(plain, ["00280010", "US", 0]), code: "damaged_image" },
    {
      what: "more pixels than it has",
      bytes: oneRowFile(plain, ["00280010", "US", 9]),
      code: "damaged_image",
    },
    { what: "9 bits in 8", bytes: oneRowFile(plain, ["00280101", "US", 9]), code: "damaged_image" },
    {
      what: "a billion frames",
      bytes: oneRowFile(plain, ["00280008", "IS", "999999999"]),
      code: "damaged_image",
    },
    {
      what: "-1 frames",
      bytes: oneRowFile(plain, ["00280008", "IS", "-1"]),
      code: "damaged_image",
    },
    {
      what: "a slope of words",
      bytes: oneRowFile(plain, ["00281053", "DS", "steep"]),
      code: "damaged_image",
    },
    {
      what: "65,535 × 65,535 pixels",
      bytes: oneRowFile(plain, ["00280010", "US", 65_535], ["00280011", "US", 65_535]),
      code: "image_too_large",
    },
    {
      what: "MPEG-4",
      bytes: writeDicom([], "1.2.840.10008.1.2.4.102"),
      code: "unsupported_image",
      message: "MPEG-4 video",
    },
    {
      what: "JPEG XL",
      bytes: writeDicom([], "1.2.840.10008.1.2.4.110"),
      code: "unsupported_image",
      message: "JPEG XL",
    },
    {
      what: "an unknown transfer syntax, without quoting it",
      bytes: writeDicom([], "DOE^JOHN"),
      code: "unsupported_image",
      message: "it is one that is not known",
    },
    {
      what: "a head without a transfer syntax",
      bytes: Buffer.concat([Buffer.alloc(128), Buffer.from("DICM")]),
      code: "damaged_image",
    },
  ])("$what", async ({ bytes, code, message = "Cannot read the" }) => {
    await expect(decodeDicom(bytes, LIMITS, {})).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  test("a codestream larger than its attributes say, before decoding it", async () => {
    const head = Buffer.from("ffd8ffc0000b08ffffffff01011100", "hex");
    const bytes = writeDicom(
      [
        ["00280002", "US", 1],
        ["00280004", "CS", "MONOCHROME2"],
        ["00280010", "US", 8],
        ["00280011", "US", 8],
        ["00280100", "US", 8],
      ],
      "1.2.840.10008.1.2.4.50",
      [Buffer.concat([head, Buffer.alloc(40, 1), Buffer.from("ffd9", "hex")])],
    );
    await expect(decodeDicom(bytes, LIMITS, {})).rejects.toMatchObject({
      code: "damaged_image",
      message: expect.stringContaining(
        "its codestream is 65535×65535×1, and its attributes say 8×8×1",
      ),
    });
  });
});

describe("decodeDicom() tells", () => {
  const plain = { bits: 8, values: [1, 2] } as const;

  test("modality, body part, laterality and spacing", async () => {
    const bytes = oneRowFile(
      plain,
      ["00080060", "CS", "MG"],
      ["00180015", "CS", "BREAST"],
      ["00200062", "CS", "L"],
      ["00280030", "DS", "0.5\\0.25"],
    );
    expect(await decodeDicom(bytes, LIMITS, {})).toMatchObject({
      format: "dicom",
      modality: "MG",
      bodyPart: "BREAST",
      laterality: "L",
      spacingMm: [0.5, 0.25],
      frame: { number: 1, of: 1 },
      warnings: [],
    });
  });

  test("nothing that is not one of DICOM's own terms", async () => {
    const bytes = oneRowFile(
      plain,
      ["00080060", "CS", "DOE JOHN"],
      ["00180015", "CS", "JOHN"],
      ["00200062", "CS", "J"],
      ["00280030", "DS", "0\\0"],
    );
    const { data: _, ...rest } = await decodeDicom(bytes, LIMITS, {});
    expect(rest).toEqual({
      format: "dicom",
      width: 2,
      height: 1,
      frame: { number: 1, of: 1 },
      window: { number: 0, of: 0, function: "FULL_RANGE" },
      valueRange: [1, 2],
      warnings: [],
    });
  });

  test("the smallest and the largest value in the modality's units, padding left out", async () => {
    const bytes = oneRowFile(
      { bits: 16, values: [0, 100, 40, 9] },
      ["00280120", "US", 0],
      ["00281052", "DS", "-1024"],
      ["00281053", "DS", "2"],
    );
    expect((await decodeDicom(bytes, LIMITS, {})).valueRange).toEqual([-1006, -824]);
  });

  test("a window of the caller's own, beside those that it could have had", async () => {
    const bytes = oneRowFile(
      { bits: 16, values: [0, 100, 200] },
      ["00281050", "DS", "100"],
      ["00281051", "DS", "400"],
    );
    const choice = { window: { center: 100, width: 201 } };
    const { data, window } = await decodeDicom(bytes, LIMITS, choice);
    expect(window).toEqual({ number: 0, of: 1, function: "LINEAR", center: 100, width: 201 });
    // As the same window does that stands in a file, by PS3.3 C.11.2.1.2.1.
    expect([data[0], data[3], data[6]]).toEqual([1, 128, 255]);
  });

  test.each([
    { warning: "burned_in_annotation", attribute: ["00280301", "CS", "YES"] },
    { warning: "secondary_capture", attribute: ["00080016", "UI", "1.2.840.10008.5.1.4.1.1.7.2"] },
    { warning: "secondary_capture", attribute: ["00080064", "CS", "WSD"] },
  ] as const)("$warning", async ({ warning, attribute }) => {
    expect((await decodeDicom(oneRowFile(plain, attribute), LIMITS, {})).warnings).toEqual([
      warning,
    ]);
  });
});
