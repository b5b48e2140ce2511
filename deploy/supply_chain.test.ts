import { expect, test } from "vitest";
import { lockedPackages } from "./supply_chain.ts";

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
