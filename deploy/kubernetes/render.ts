import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Overlay } from "./manifest.ts";

// The chart asks for a cluster of that version at least; a helm built from source says it has none.
const KUBE_VERSION = "1.34.0";
const BUILT = join(import.meta.dirname, "../../.cache/bin");

/** The path of a tool: on PATH, or built into .cache/bin by .ci/run; undefined where there is none. */
export function findTool(name: string, probe: readonly string[]): string | undefined {
  return [join(BUILT, name), name].find(
    (path) =>
      (path === name || existsSync(path)) &&
      spawnSync(path, [...probe], { stdio: "ignore" }).status === 0,
  );
}

/** What renders a Kustomize overlay here: `kustomize build` or `kubectl kustomize`. */
export function findKustomize(): readonly [string, ...string[]] | undefined {
  const kustomize = findTool("kustomize", ["version"]);
  if (kustomize !== undefined) return [kustomize, "build"];
  const kubectl = findTool("kubectl", ["version", "--client"]);
  return kubectl === undefined ? undefined : [kubectl, "kustomize"];
}

export function findHelm(): string | undefined {
  return findTool("helm", ["version", "--short"]);
}

/** A folder with a kustomization, as Kustomize renders it. */
export function renderFolder(command: readonly [string, ...string[]], folder: string): string {
  const [tool, ...args] = command;
  return run(tool, [...args, folder]);
}

/** The overlay as Kustomize renders it. */
export function renderOverlay(command: readonly [string, ...string[]], overlay: Overlay): string {
  return renderFolder(command, join(import.meta.dirname, "overlays", overlay));
}

/** The chart with the values that stand for `overlay`. */
export function renderChart(helm: string, overlay: Overlay, more: readonly string[] = []): string {
  const values = overlay === "laptop" ? [] : ["--values", join(CHART, `values-${overlay}.yaml`)];
  return run(helm, [
    ...["template", "medv", CHART, "--namespace", "medv", "--kube-version", KUBE_VERSION],
    ...values,
    ...more,
  ]);
}

/** Where the chart lies. */
export const CHART = join(import.meta.dirname, "chart");

function run(tool: string, args: readonly string[]): string {
  return execFileSync(tool, [...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
