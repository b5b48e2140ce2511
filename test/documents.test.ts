import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

test.each([
  "README.md",
  "SECURITY.md",
  "CONTRIBUTING.md",
  "deploy/README.md",
  "gateway/README.md",
  "services/README.md",
  "deploy/monitoring/SLO.md",
  "test/README.md",
  "model/training/README.md",
  "model/evaluation/README.md",
  "CHANGELOG.md",
])("the tests, files and commands that %s names are there", (document) => {
  const text = readFileSync(join(ROOT, document), "utf8");
  const commands = [...text.matchAll(/npm run (?:--silent )?([a-z][a-z:-]*)/g)].map(
    ([, name]) => name ?? "",
  );
  expect(commands.filter((name) => name !== "bench:" && !(name in scripts))).toEqual([]);
  const paths = [...text.matchAll(/`((?:[a-z0-9_.-]+\/)+[a-z0-9_.]+\.(?:ts|json|yaml|md))`/g)];
  // A path starts at the root or beside the document.
  const missing = paths
    .map(([, path]) => path ?? "")
    .filter(
      (path) => ![ROOT, join(ROOT, dirname(document))].some((at) => existsSync(join(at, path))),
    );
  expect(missing).toEqual([]);
});
