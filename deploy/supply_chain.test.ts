import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockedPackages } from "./supply_chain.ts";

const ROOT = join(import.meta.dirname, "..");
const packages = lockedPackages();

/** Permissive, or weak copyleft that ends at the file or at a library that stays replaceable. */
const PERMISSIVE = ["MIT", "Apache-2.0", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause"];
const OTHERS = [
  "BlueOak-1.0.0",
  "CC0-1.0",
  "MPL-2.0",
  "(Apache-2.0 AND BSD-3-Clause)",
  "(MIT OR CC0-1.0)",
];

/** Loaded as separate files, so that whoever receives them can put their own build in the place. */
const LGPL = /^(@img\/sharp-(libvips-[a-z0-9-]+|win32-[a-z0-9]+|wasm32)|libheif-js)$/;

test("everything that is delivered has a licence that allows it", () => {
  const allowed = new Set([...PERMISSIVE, ...OTHERS]);
  const odd = packages.filter(
    ({ name, licence, dev }) =>
      !dev && !allowed.has(licence) && !(licence.includes("LGPL-3.0") && LGPL.test(name)),
  );
  expect(odd).toEqual([]);
});

test("every package comes from the registry in use, with a digest", () => {
  const odd = packages.filter(
    // An address would name another place: a fork, a tarball, a git repository.
    ({ resolved, integrity }) =>
      resolved !== undefined || integrity?.startsWith("sha512-") !== true,
  );
  expect(odd.map(({ name }) => name)).toEqual([]);
});

test("packages with install scripts are known: none of their scripts runs, and none is needed", () => {
  const names = packages.filter(({ installScript }) => installScript).map(({ name }) => name);
  expect(new Set(names)).toEqual(
    new Set(["@bufbuild/buf", "deno", "onnxruntime-node", "protobufjs"]),
  );
});

test("no install script runs: .npmrc says so", () => {
  const lines = readFileSync(join(ROOT, ".npmrc"), "utf8").split("\n");
  expect(lines).toContain("ignore-scripts=true");
});

test("`npm run licences` lists what is delivered, and every part under the LGPL by name", () => {
  const listed = execFileSync(process.execPath, [join(ROOT, "deploy/list_licences.ts")], {
    encoding: "utf8",
  });
  // A paragraph a licence: its name and how many, then the packages.
  const lgpl = listed
    .split(/\n(?=\S)/)
    .filter((paragraph) => /^.*LGPL/.test(paragraph))
    .join("\n");
  const expected = packages.filter(({ name, dev }) => !dev && LGPL.test(name));
  expect(expected.map(({ name }) => name)).toContain("libheif-js");
  for (const { name, version } of expected) expect(lgpl).toContain(`\n  ${name}@${version}`);
  const delivered = packages.filter(({ dev }) => !dev);
  for (const { name } of delivered) expect(listed).toContain(`\n  ${name}@`);
});

/**
 * The least versions without a weakness that is known and that an image from a caller reaches: GHSA-f88m-g3jw-g9cj
 * (CVE-2026-33327, 33328, 35590, 35591, 69242) in what decodes them.
 */
const FLOORS = { sharp: "0.35.3", libvips: "8.18.3" };

test("what decodes images is not older than its latest known weakness", () => {
  const sharp = packages.filter(({ name }) => name === "sharp").map(({ version }) => version);
  const libvips = globSync("node_modules/@img/sharp-libvips-*/versions.json", { cwd: ROOT }).map(
    (file) => (JSON.parse(readFileSync(join(ROOT, file), "utf8")) as { vips: string }).vips,
  );
  expect(sharp.length * libvips.length).toBeGreaterThan(0);
  expect(sharp.filter((version) => isOlder(version, FLOORS.sharp))).toEqual([]);
  expect(libvips.filter((version) => isOlder(version, FLOORS.libvips))).toEqual([]);
  expect(isOlder("0.35.2", FLOORS.sharp)).toBe(true);
  expect(isOlder("0.36.0", FLOORS.sharp)).toBe(false);
});

function isOlder(version: string, floor: string): boolean {
  return version.localeCompare(floor, "en", { numeric: true }) < 0;
}
