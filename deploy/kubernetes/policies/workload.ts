import type { IDeployment } from "kubernetes-models/apps/v1/Deployment";
import type { IJob } from "kubernetes-models/batch/v1/Job";
import type { IContainer } from "kubernetes-models/v1/Container";
import type { IPodSpec } from "kubernetes-models/v1/PodSpec";
import type { Manifest } from "../manifest.ts";

export type Labels = Readonly<Record<string, string>>;

/** What runs pods. */
export type Workload = {
  readonly name: string;
  readonly kind: "Deployment" | "Job";
  readonly labels: Labels;
  readonly pod: IPodSpec;
  /** All of them, those that run before the others first. */
  readonly containers: readonly IContainer[];
  /** The one that is named as the workload's label `app.kubernetes.io/name`. */
  readonly main: IContainer | undefined;
};

/** A rule that every installation keeps. */
export type Policy = {
  readonly name: string;
  /** One line for each breach. */
  readonly problems: (manifests: readonly Manifest[]) => readonly string[];
};

/** Everything among `manifests` that runs pods; kinds that this project does not use are refused by `known-kinds`. */
export function workloadsOf(manifests: readonly Manifest[]): readonly Workload[] {
  return manifests.flatMap((manifest) => {
    const { kind } = manifest;
    if (kind !== "Deployment" && kind !== "Job") return [];
    // Checked against the schema by schema_problems.ts.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { metadata, spec } = manifest as unknown as IDeployment | IJob;
    const pod = spec?.template.spec;
    if (pod === undefined) return [];
    const labels = spec?.template.metadata?.labels ?? {};
    const containers = [...(pod.initContainers ?? []), ...pod.containers];
    const main = pod.containers.find(({ name }) => name === labels["app.kubernetes.io/name"]);
    return [{ name: metadata?.name ?? "", kind, labels, pod, containers, main }];
  });
}

/** A policy that looks at one workload at a time. */
export function workloadPolicy(
  name: string,
  breaches: (workload: Workload, manifests: readonly Manifest[]) => readonly string[],
): Policy {
  return {
    name,
    problems: (manifests) =>
      workloadsOf(manifests).flatMap((workload) =>
        breaches(workload, manifests).map((breach) => `${workload.name} ${breach}`),
      ),
  };
}

/** A policy that looks at one container at a time. */
export function containerPolicy(
  name: string,
  breaches: (container: IContainer, workload: Workload) => readonly string[],
): Policy {
  return workloadPolicy(name, (workload) =>
    workload.containers.flatMap((container) =>
      breaches(container, workload).map((breach) => `${container.name} ${breach}`),
    ),
  );
}

/** The lines whose condition does not hold. */
export function unmet(rules: Readonly<Record<string, boolean>>): readonly string[] {
  return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [rule]));
}

/** Which pods are meant, as Kubernetes says it. */
export type Selector = {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly Expression[];
};

type Expression = {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
};

/**
 * Whether pods with these labels are meant.
 *
 * @throws {RangeError} If the selector has an operator that this project does not use.
 */
export function selects(selector: Selector | undefined, labels: Labels): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((expression) => meets(labels, expression))
  );
}

function meets(labels: Labels, { key, operator, values = [] }: Expression): boolean {
  if (operator === "In") return values.includes(labels[key] ?? "");
  throw new RangeError(`Cannot check a selector as its operator must be "In": it is "${operator}"`);
}
