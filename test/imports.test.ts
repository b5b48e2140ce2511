import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");

/** Who may import whom: one way, no circles. The gateway knows no weights. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  proto: [],
  "model/src": ["proto"],
  "model/phantoms": [],
  // The training resizes images as the gateway does.
  "model/training": ["model", "phantoms", "gateway"],
  // The evaluation starts a stack where none runs.
  "model/evaluation": ["model", "phantoms", "gateway", "runtime"],
  "services/runtime": ["proto"],
  "services/vision": ["model", "runtime", "proto"],
  "services/diffusion": ["model", "runtime", "proto"],
  gateway: ["runtime", "proto"],
  // The table of settings is made from those of the processes, and manifests are compared with what they read and serve.
  deploy: ["gateway", "vision", "diffusion", "runtime", "proto"],
};

test.each(Object.entries(ALLOWED))(
  "%s imports only %j of the other packages",
  (folder, allowed) => {
    const files = globSync(`${folder}/**/*.ts`, {
      cwd: ROOT,
      exclude: ["**/node_modules/**", "**/gen/**"],
    });
    expect(files.length).toBeGreaterThan(0);
    const own = folder === "model/src" ? "model" : (folder.split("/").at(-1) ?? folder);
    const wrong = files.flatMap((file) => {
      const source = readFileSync(join(ROOT, file), "utf8");
      const packages = [...source.matchAll(/from "@medv\/(\w+)/g)].map((match) => match[1] ?? "");
      return packages
        .filter((name) => name !== own && !allowed.includes(name))
        .map((name) => `${file} imports ${name}`);
    });
    expect(wrong).toEqual([]);
  },
);

test("no file reaches into another package by a relative path", () => {
  const wrong = Object.keys(ALLOWED).flatMap((folder) =>
    globSync(`${folder}/**/*.ts`, { cwd: ROOT, exclude: ["**/node_modules/**"] }).filter((file) => {
      const depth = file.split("/").length - folder.split("/").length - 1;
      const source = readFileSync(join(ROOT, file), "utf8");
      return [...source.matchAll(/from "((?:\.\.\/)+)/g)].some(
        (match) => (match[1] ?? "").length / 3 > depth,
      );
    }),
  );
  expect(wrong).toEqual([]);
});
