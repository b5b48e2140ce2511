import { crc32, deflateRawSync, deflateSync } from "node:zlib";
import sharp from "sharp";
import { type Attribute, writeAttributes, writeDicom } from "../dicom/testing/write_dicom.ts";

/** A small file that wants to become large or slow. */
export type Bomb = { readonly name: string; readonly bytes: Uint8Array };

/** Files of at most 2 MB that a decoder may choke on. */
export async function bombs(): Promise<readonly Bomb[]> {
  return [
    { name: "PNG of 19,000 × 19,000", bytes: plainPng(19_000, 19_000) },
    { name: "PNG of 65,535 × 65,535 without pixels", bytes: plainPng(65_535, 65_535, 1) },
    { name: "PNG whose colour profile is 300 MB", bytes: profilePng(300_000_000) },
    { name: "PNG whose comment is 300 MB", bytes: profilePng(300_000_000, "zTXt") },
    { name: "JPEG head of 65,535 × 65,535", bytes: jpegHead(65_535, 65_535) },
    { name: "JPEG of 9,999 × 9,999 without pixels", bytes: jpegHead(9999, 9999) },
    { name: "TIFF of 65,535 × 65,535", bytes: tiff(65_535, 65_535) },
    { name: "GIF of 65,535 × 65,535", bytes: gif(65_535, 1) },
    { name: "GIF of 100,000 frames", bytes: gif(1, 100_000) },
    { name: "WebP of 20,000 frames", bytes: await webp(20_000) },
    { name: "AVIF that says 60,000 × 60,000", bytes: await avif(60_000) },
    { name: "DICOM of a billion frames", bytes: dicom([["00280008", "IS", "999999999"]]) },
    {
      name: "DICOM of 65,535 × 65,535",
      bytes: dicom([
        ["00280010", "US", 65_535],
        ["00280011", "US", 65_535],
      ]),
    },
    { name: "deflated DICOM of 1 GB", bytes: deflatedDicom() },
    { name: "DICOM of 30,000 sequences in each other", bytes: nestedDicom(30_000) },
    { name: "DICOM of 200,000 fragments", bytes: fragmentedDicom(200_000) },
  ];
}

function plainPng(width: number, height: number, rows = height): Uint8Array {
  const head = Buffer.from("00000000000000000100000000", "hex"); // 1 bit, grey
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  return png(chunk("IHDR", head), chunk("IDAT", deflateSync(Buffer.alloc(rows * (width / 8 + 1)))));
}

function profilePng(size: number, type = "iCCP"): Uint8Array {
  const head = Buffer.from("00000001000000010800000000", "hex");
  const text = Buffer.concat([Buffer.from("name\0\0"), deflateSync(Buffer.alloc(size))]);
  const pixels = deflateSync(Buffer.alloc(2));
  return png(chunk("IHDR", head), chunk(type, text), chunk("IDAT", pixels));
}

function png(...chunks: readonly Buffer[]): Uint8Array {
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([signature, ...chunks, chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), body]);
  return Buffer.concat([be32(body.length), named, be32(crc32(named))]);
}

function jpegHead(width: number, height: number): Uint8Array {
  const frame = Buffer.from("ffc0000b080000000001011100", "hex");
  frame.writeUInt16BE(height, 5);
  frame.writeUInt16BE(width, 7);
  // The start of a scan, without which nothing is read.
  const scan = Buffer.from("ffda0008010100003f00", "hex");
  return Buffer.concat([Buffer.from("ffd8", "hex"), frame, scan, Buffer.from("ffd9", "hex")]);
}

function tiff(width: number, height: number): Uint8Array {
  const entries = [
    [256, width],
    [257, height],
    [258, 8],
    [259, 1],
    [262, 1],
    [273, 8],
    [277, 1],
    [278, height],
    [279, 100],
  ];
  const directory = Buffer.alloc(2 + 12 * entries.length + 4);
  directory.writeUInt16LE(entries.length, 0);
  for (const [index, [tag = 0, value = 0]] of entries.entries()) {
    directory.writeUInt16LE(tag, 2 + 12 * index);
    directory.writeUInt16LE(4, 4 + 12 * index);
    directory.writeUInt32LE(1, 6 + 12 * index);
    directory.writeUInt32LE(value, 10 + 12 * index);
  }
  return Buffer.concat([Buffer.from("II*\0\x08\0\0\0", "latin1"), directory]);
}

function gif(side: number, frames: number): Uint8Array {
  const head = Buffer.from("474946383961000000008000000000000000ffffff", "hex").subarray(0, 19);
  head.writeUInt16LE(side, 6);
  head.writeUInt16LE(side, 8);
  const frame = Buffer.from("2c000000000000000000020244010000", "hex").subarray(0, 15);
  frame.writeUInt16LE(side, 5);
  frame.writeUInt16LE(side, 7);
  return Buffer.concat([head, ...Array.from({ length: frames }, () => frame), Buffer.from(";")]);
}

async function webp(frames: number): Promise<Uint8Array> {
  const still = await sharp({ create: { width: 1, height: 1, channels: 3, background: "red" } })
    .webp({ lossless: true })
    .toBuffer();
  const picture = still.subarray(12);
  const place = Buffer.alloc(16);
  const frame = riff("ANMF", Buffer.concat([place, picture]));
  const body = Buffer.concat([
    Buffer.from("WEBP"),
    riff("VP8X", Buffer.from("02000000000000000000", "hex")),
    riff("ANIM", Buffer.alloc(6)),
    ...Array.from({ length: frames }, () => frame),
  ]);
  return riff("RIFF", body);
}

function riff(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([Buffer.from(type), length, body]);
}

async function avif(side: number): Promise<Uint8Array> {
  const file = await sharp({ create: { width: 16, height: 16, channels: 3, background: "red" } })
    .avif()
    .toBuffer();
  const size = file.indexOf("ispe") + 8;
  file.writeUInt32BE(side, size);
  file.writeUInt32BE(side, size + 4);
  return file;
}

const GREY: readonly Attribute[] = [
  ["00280002", "US", 1],
  ["00280004", "CS", "MONOCHROME2"],
  ["00280010", "US", 8],
  ["00280011", "US", 8],
  ["00280100", "US", 8],
];

function dicom(changes: readonly Attribute[]): Uint8Array {
  const attributes = new Map<string, Attribute>(
    [...GREY, ["7fe00010", "OB", new Uint8Array(64)] as const, ...changes].map((attribute) => [
      attribute[0],
      attribute,
    ]),
  );
  return writeDicom([...attributes.values()]);
}

function deflatedDicom(): Uint8Array {
  const head = writeDicom([], "1.2.840.10008.1.2.1.99");
  return Buffer.concat([head, deflateRawSync(Buffer.alloc(1_000_000_000))]);
}

function nestedDicom(depth: number): Uint8Array {
  // Sequences and items of undefined length, one in the other, never ended.
  const opened = Buffer.from(
    "08004011535100 00ffffffff feff00e0ffffffff".replaceAll(" ", ""),
    "hex",
  );
  return Buffer.concat([writeDicom([]), ...Array.from({ length: depth }, () => opened)]);
}

function fragmentedDicom(fragments: number): Uint8Array {
  const empty = Buffer.from("feff00e000000000", "hex");
  return Buffer.concat([
    writeDicom([], "1.2.840.10008.1.2.4.90"),
    writeAttributes([...GREY, ["00280008", "IS", "2"]]),
    Buffer.from("e07f10004f420000ffffffff", "hex"),
    ...Array.from({ length: fragments }, () => empty),
    Buffer.from("feffdde000000000", "hex"),
  ]);
}

function be32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
