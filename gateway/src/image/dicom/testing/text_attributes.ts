import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Attribute } from "./write_dicom.ts";

/** Where a company of its own puts what it likes. */
const PRIVATE = [
  ["00090010", "LO"],
  ["00091001", "LO"],
  ["00110010", "LO"],
  ["00111001", "UN"],
  ["00131002", "ST"],
] as const;

/** Every attribute of PS3.6-2022b that may hold text or a sequence, and a few private ones, all with `text` in them. */
export function textAttributes(text: string): readonly Attribute[] {
  const lines = readFileSync(join(import.meta.dirname, "attributes.txt"), "utf8").split("\n");
  const known = lines
    .filter((line) => /^[0-9a-f]{4} /.test(line))
    .flatMap((line) => {
      const [group = "", vr = "", ...elements] = line.split(" ");
      return elements.map((element) => [`${group}${element}`, vr] as const);
    });
  return [...known, ...PRIVATE].map(([tag, vr]) => [tag, vr, valueOf(vr, text)]);
}

function valueOf(vr: string, text: string): Attribute[2] {
  if (vr === "SQ") return [[["00100010", "PN", text]]];
  return vr === "OB" || vr === "UN" ? Buffer.from(text) : text;
}
