/**
 * Makes the DICOM files beside this script with dcmtk, gdcm and OpenJPH (Debian: `dcmtk libgdcm-tools openjph-tools`); the
 * HTJ2K codestreams are put into files by our own writer, as neither toolkit knows them.
 *
 *     node gateway/src/image/dicom/testing/make_files.ts
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COLUMNS, type DRAWN, ROWS, drawn } from "./drawn_values.ts";
import { type Attribute, words, writeDicom } from "./write_dicom.ts";

const FILES = join(import.meta.dirname, "files");
const work = mkdtempSync(join(tmpdir(), "dicom-"));
try {
  for (const kind of ["ct", "grey12", "grey8", "rgb"] as const) makeKind(kind);
  makeFrames();
} finally {
  rmSync(work, { recursive: true });
}

function makeKind(kind: keyof typeof DRAWN): void {
  const source = join(work, `${kind}.dcm`);
  const out = (name: string): string => join(FILES, `${kind}_${name}.dcm`);
  writeFileSync(source, writeDicom([...attributes(kind), pixels(kind)]));
  // dcmtk writes them all anew, the plain one too.
  run("dcmconv", "+te", source, out("explicit"));
  run("dcmcrle", source, out("rle"));
  run("dcmcjpeg", "+e1", source, out("jpeg_lossless_sv1"));
  run("dcmcjpls", "+el", source, out("jpeg_ls"));
  run("gdcmconv", "--j2k", source, out("jpeg_2000"));
  makeHtj2k(kind, "201", out("htj2k"), ["-reversible", "true"]);
  if (kind === "ct") {
    run("dcmconv", "+ti", source, out("implicit"));
    run("dcmconv", "+td", source, out("deflated"));
    makeHtj2k(kind, "202", out("htj2k_rpcl"), ["-reversible", "true", "-prog_order", "RPCL"]);
  }
  if (kind !== "grey12") run("dcmconv", "+tb", source, out("big_endian"));
  if (kind === "grey12") {
    for (const predictor of ["2", "4", "7"]) {
      run("dcmcjpeg", "+el", "+sv", predictor, source, out(`jpeg_lossless_${predictor}`));
    }
    run("dcmcjpeg", "+ee", "+q", "95", source, out("jpeg_extended_12"));
    run("dcmcjpls", "+en", "+md", "2", source, out("jpeg_ls_near"));
  }
  if (kind === "grey8" || kind === "rgb") {
    run("dcmcjpeg", "+eb", "+q", "95", source, out("jpeg_baseline"));
    if (kind === "grey8") run("dcmcjpeg", "+ee", "+q", "95", source, out("jpeg_extended"));
    run("gdcmconv", "--j2k", "--lossy", "-q", "60", source, out("jpeg_2000_lossy"));
    makeHtj2k(kind, "203", out("htj2k_lossy"), ["-qstep", "0.002"]);
  }
  if (kind === "rgb") {
    run("dcmcjpeg", "+eb", "+cr", "+q", "95", source, out("jpeg_baseline_as_rgb"));
    run("dcmcjpeg", "+eb", "+s2", "+q", "95", source, out("jpeg_baseline_422"));
    run("gdcmconv", "--raw", "--planar-configuration", "1", source, out("planar"));
  }
}

/** Three frames, plain, in RLE and in lossless JPEG of several fragments each. */
function makeFrames(): void {
  const all = [0, 1, 2].flatMap((frame) => drawn("grey8", frame));
  const source = join(work, "frames.dcm");
  writeFileSync(
    source,
    writeDicom([
      ...attributes("grey8"),
      ["00280008", "IS", "3"],
      ["7fe00010", "OW", Uint8Array.from(all)],
    ]),
  );
  run("dcmconv", "+te", source, join(FILES, "frames_explicit.dcm"));
  run("dcmcrle", source, join(FILES, "frames_rle.dcm"));
  // Fragments of at most 1 kB.
  run("dcmcjpeg", "+e1", "+fs", "1", source, join(FILES, "frames_jpeg_lossless.dcm"));
}

function attributes(kind: keyof typeof DRAWN): Attribute[] {
  const [allocated, stored] = { ct: [16, 16], grey12: [16, 12], grey8: [8, 8], rgb: [8, 8] }[kind];
  const samples = kind === "rgb" ? 3 : 1;
  return [
    ["00080016", "UI", "1.2.840.10008.5.1.4.1.1.2"],
    ["00080018", "UI", "1.2.3.4"],
    ["00080060", "CS", "CT"],
    ["0020000d", "UI", "1.2.3"],
    ["0020000e", "UI", "1.2.3.5"],
    ["00280002", "US", samples],
    ["00280004", "CS", samples === 3 ? "RGB" : "MONOCHROME2"],
    ...(samples === 3 ? [["00280006", "US", 0] as const] : []),
    ["00280010", "US", ROWS],
    ["00280011", "US", COLUMNS],
    ["00280100", "US", allocated ?? 0],
    ["00280101", "US", stored ?? 0],
    ["00280102", "US", (stored ?? 0) - 1],
    ["00280103", "US", kind === "ct" ? 1 : 0],
    ...(kind === "ct"
      ? ([
          ["00281050", "DS", "40\\-600"],
          ["00281051", "DS", "400\\1500"],
          ["00281052", "DS", "-1024"],
          ["00281053", "DS", "1"],
        ] as const)
      : []),
  ];
}

function pixels(kind: keyof typeof DRAWN): Attribute {
  const values = drawn(kind);
  const bytes = kind === "ct" || kind === "grey12" ? words(...values) : Uint8Array.from(values);
  return ["7fe00010", "OW", bytes];
}

function makeHtj2k(
  kind: keyof typeof DRAWN,
  syntax: string,
  file: string,
  options: string[],
): void {
  // ojph_compress reads unsigned PGM and PPM, big endian; the signed kind is shifted there and back by its intercept.
  const shift = kind === "ct" ? 32_768 : 0;
  const last = { ct: 65_535, grey12: 4095, grey8: 255, rgb: 255 }[kind];
  const values = drawn(kind).map((value) => value + shift);
  const isWide = last > 255;
  const body = isWide
    ? Buffer.from(values.flatMap((value) => [value >> 8, value & 255]))
    : Buffer.from(values);
  const [input, output] = [join(work, kind === "rgb" ? "in.ppm" : "in.pgm"), join(work, "out.j2c")];
  const head = `${kind === "rgb" ? "P6" : "P5"}\n${COLUMNS} ${ROWS}\n${last}\n`;
  writeFileSync(input, Buffer.concat([Buffer.from(head), body]));
  run("ojph_compress", "-i", input, "-o", output, ...options);
  const changed = attributes(kind).map((attribute): Attribute => {
    if (kind === "rgb" && attribute[0] === "00280004") {
      return ["00280004", "CS", syntax === "203" ? "YBR_ICT" : "YBR_RCT"];
    }
    if (kind === "ct" && attribute[0] === "00280103") return ["00280103", "US", 0];
    if (kind === "ct" && attribute[0] === "00281052") return ["00281052", "DS", "-33792"];
    return attribute;
  });
  const uid = `1.2.840.10008.1.2.4.${syntax}`;
  writeFileSync(file, writeDicom(changed, uid, [readFileSync(output)]));
}

function run(command: string, ...options: string[]): void {
  execFileSync(command, options, { stdio: ["ignore", "ignore", "inherit"] });
}
