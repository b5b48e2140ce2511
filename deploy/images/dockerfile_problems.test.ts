import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  buildProblems,
  dockerfileProblems,
  parseDockerfile,
  stagesOf,
} from "./dockerfile_problems.ts";

const ROOT = join(import.meta.dirname, "../..");

const IMAGES = [
  { image: "gateway", folder: "gateway", targets: ["gateway"] },
  { image: "vision", folder: "services/vision", targets: ["cpu", "cuda"] },
  { image: "diffusion", folder: "services/diffusion", targets: ["cpu", "cuda"] },
];

function read(image: string): string {
  return readFileSync(join(import.meta.dirname, `${image}.Dockerfile`), "utf8");
}

test.each(IMAGES)("the Dockerfile of $image keeps every rule", ({ image, targets }) => {
  expect(dockerfileProblems(read(image), targets)).toEqual([]);
});

test.each(IMAGES)(
  "the image of $image has the packages that the process depends on, and no other",
  ({ image, folder }) => {
    const needed = [...closure(folder)].toSorted();
    const stages = stagesOf(parseDockerfile(read(image)));
    const copied = (stage: string): string[] =>
      (stages.get(stage)?.steps ?? [])
        .filter(({ name }) => name === "COPY")
        .map(({ value }) => value.split(" ")[0]?.replace("/package.json", "") ?? "")
        .filter((source) => source !== "package.json")
        .toSorted();
    expect(copied("install")).toEqual(needed);
    expect(copied("sources")).toEqual(needed);
  },
);

test.each(IMAGES)("the image of $image starts a file that is there", ({ image, targets }) => {
  const stages = stagesOf(parseDockerfile(read(image)));
  for (const target of targets) {
    const command = stages.get(target)?.steps.findLast(({ name }) => name === "CMD")?.value ?? "";
    const [entry] = JSON.parse(command) as string[];
    expect(existsSync(join(ROOT, entry ?? "nowhere"))).toBe(true);
  }
});

test.each([
  {
    rule: "base",
    from: "FROM ${NODE_IMAGE} AS cpu",
    to: "FROM node:24 AS cpu",
    says: "given by argument",
  },
  {
    rule: "digest",
    from: "ARG NODE_IMAGE",
    to: "ARG NODE_IMAGE=node:24",
    says: "must have no default",
  },
  {
    rule: "digest of the base with CUDA",
    from: "ARG CUDA_IMAGE=scratch",
    to: "ARG CUDA_IMAGE=nvidia/cuda:12.8.1",
    says: "must have no default",
  },
  {
    rule: "pruning",
    from: '! -path "*/linux/$(node -p process.arch)" ',
    to: "",
    says: "ONNX Runtime of other platforms",
  },
  {
    rule: "list of parts",
    from: "npm sbom",
    to: "npm ls",
    says: "must list its parts by npm sbom",
  },
  {
    rule: "order of its list",
    from: "> sbom.cdx.json",
    to: "> sbom.cdx.json && rm -r node_modules/long",
    says: "when the last of them is gone",
  },
  { rule: "setting of npm", from: " .npmrc", to: "", says: "must copy .npmrc" },
  { rule: "user", from: "USER 65532:65532", to: "USER root", says: "other than root" },
  { rule: "no user", from: "USER 65532:65532\n", to: "", says: "other than root" },
  { rule: "shell form", from: 'ENTRYPOINT ["node"', to: 'ENTRYPOINT node #"', says: "exec form" },
  { rule: "dev", from: "--omit=dev ", to: "", says: "no development dependencies" },
  { rule: "install", from: "npm ci", to: "npm install", says: "by npm ci" },
  {
    rule: "add",
    from: "COPY proto /app/proto",
    to: "ADD proto /app/proto",
    says: "in place of ADD",
  },
  { rule: "secret", from: "ENV NODE_ENV", to: "ENV HUB_TOKEN=1 NODE_ENV", says: "no secret" },
  {
    rule: "late copy",
    from: "USER 65532:65532\n",
    to: "USER 65532:65532\nCOPY --from=sources /app /app\n",
    says: "after USER",
  },
])("a Dockerfile with a bad $rule is refused", ({ from, to, says }) => {
  const bad = read("vision").replaceAll(from, to);
  expect(bad).not.toBe(read("vision"));
  expect(dockerfileProblems(bad, ["cpu", "cuda"]).join("\n")).toContain(says);
});

test("the documented builds name their bases by digest", () => {
  const document = readFileSync(join(ROOT, "deploy/README.md"), "utf8");
  expect(document).toMatch(/NODE_IMAGE=.*\n.*CUDA_IMAGE=/);
  expect(buildProblems(document)).toEqual([]);
  expect(buildProblems(document.replaceAll("@sha256:…", ""))).toHaveLength(2);
});

test("what the page is bundled from is delivered, and so is listed", () => {
  const sources = globSync("gateway/web/src/**/*.{ts,tsx}", { cwd: ROOT });
  const imported = sources
    .filter((file) => !file.endsWith(".test.ts"))
    .map((file) => readFileSync(join(ROOT, file), "utf8"))
    .flatMap((text) => [
      ...text.matchAll(/^(?:import|\}) .*?from "(@[\w-]+\/[\w-]+|[a-z][\w-]*)/gm),
    ])
    .map(([, name = ""]) => name);
  const delivered = Object.keys(manifestOf("gateway/package.json").dependencies ?? {});
  expect(imported).toContain("idb");
  expect([...new Set(imported)].filter((name) => !delivered.includes(name))).toEqual([]);
});

/** The workspaces that the one in `folder` needs to run, itself among them. */
function closure(folder: string): ReadonlySet<string> {
  const manifests = globSync(["*/package.json", "*/*/package.json"], {
    cwd: ROOT,
    exclude: ["**/node_modules/**", "node_modules/**"],
  });
  const folders = new Map(
    manifests.map((path) => [manifestOf(path).name, path.replace("/package.json", "")]),
  );
  const found = new Set<string>();
  const visit = (each: string): void => {
    if (found.has(each)) return;
    found.add(each);
    for (const name of Object.keys(manifestOf(join(each, "package.json")).dependencies ?? {})) {
      const next = folders.get(name);
      if (next !== undefined) visit(next);
    }
  };
  visit(folder);
  return found;
}

function manifestOf(path: string): { name: string; dependencies?: Record<string, string> } {
  return JSON.parse(readFileSync(join(ROOT, path), "utf8")) as {
    name: string;
    dependencies?: Record<string, string>;
  };
}
