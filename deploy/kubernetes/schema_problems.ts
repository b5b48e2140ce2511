import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "./manifest.ts";

/** Which package has the schema of an API group that Kubernetes itself does not have. */
const PACKAGES: Readonly<Record<string, string>> = {
  "keda.sh": "@kubernetes-models/keda",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
  "gateway.networking.k8s.io": "@kubernetes-models/gateway-api",
};

const ROOT = join(import.meta.dirname, "../..");

type Model = new (data: Manifest) => { validate(): void };

/**
 * What the schemas of Kubernetes and of the operators say against these objects. Values are checked by the compiled
 * schemas, which let unknown fields pass; those are found by the compiler, against the types made from the same schemas.
 *
 * @returns One line for each problem.
 */
export async function schemaProblems(manifests: readonly Manifest[]): Promise<readonly string[]> {
  const values = await Promise.all(manifests.map(valueProblem));
  return [...values.filter((problem) => problem !== undefined), ...typeProblems(manifests)];
}

async function valueProblem(manifest: Manifest): Promise<string | undefined> {
  // Every module of these packages exports the class of its kind.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const models = (await import(moduleOf(manifest))) as Readonly<Record<string, Model>>;
  const Kind = models[manifest.kind];
  if (Kind === undefined) return `${nameOf(manifest)}: there is no such kind`;
  try {
    new Kind(manifest).validate();
    return undefined;
  } catch (error) {
    return `${nameOf(manifest)}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function typeProblems(manifests: readonly Manifest[]): readonly string[] {
  const cache = join(ROOT, ".cache");
  mkdirSync(cache, { recursive: true });
  // Inside the repository, so that the types are found.
  const folder = mkdtempSync(join(cache, "schemas-"));
  try {
    const files = manifests.map((manifest, index) => {
      const file = join(folder, `${index}.ts`);
      const source = [
        `import type { I${manifest.kind} } from ${JSON.stringify(moduleOf(manifest))};`,
        `export const object = ${JSON.stringify(manifest, undefined, 1)} satisfies I${manifest.kind};`,
      ];
      writeFileSync(file, source.join("\n"));
      return file;
    });
    const options = {
      module: "nodenext",
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: [],
    };
    const project = join(folder, "tsconfig.json");
    writeFileSync(project, JSON.stringify({ compilerOptions: options, files }));
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [compiler, "--pretty", "false", "-p", project],
      { encoding: "utf8", cwd: folder },
    );
    const problems = stdout
      .split("\n")
      .filter((line) => /^\S+\(\d+,\d+\): error/.test(line))
      .map((line) => {
        const manifest = manifests[Number(/(\d+)\.ts\(/.exec(line)?.[1])];
        return `${manifest === undefined ? "" : nameOf(manifest)}: ${line.replace(/^.*?: error /, "")}`;
      });
    if (status !== 0 && problems.length === 0) {
      throw new Error(
        `Cannot check the types as the compiler ended with ${status}: ${stdout}${stderr}`,
      );
    }
    return problems;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function moduleOf({ apiVersion, kind }: Manifest): string {
  const name = PACKAGES[apiVersion.split("/")[0] ?? ""] ?? "kubernetes-models";
  return `${name}/${apiVersion}/${kind}`;
}

function nameOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`;
}
