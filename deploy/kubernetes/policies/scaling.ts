import type { IHorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler";
import type { IScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import type { Manifest } from "../manifest.ts";
import { type Policy, unmet } from "./workload.ts";

/** Predicted seconds of work in the queue of a replica: requests differ by a hundred times in what they cost. */
const QUEUED_WORK = "medv_diffusion_queued_seconds";

/** Every Deployment has a number of replicas or one thing that scales it, and the decoder is scaled by its work. */
export const SCALING: readonly Policy[] = [
  {
    name: "one-scaler",
    problems: (manifests) =>
      manifests
        .filter(({ kind }) => kind === "Deployment")
        .flatMap((deployment) => {
          const { name } = deployment.metadata;
          const scalers = scalersOf(manifests).filter(({ target }) => target === name);
          return unmet({
            "must leave its replicas to what scales it":
              scalers.length === 0 || !hasReplicas(deployment),
            "must be scaled where it has no number of replicas":
              scalers.length > 0 || hasReplicas(deployment),
            "must be scaled by one object alone": scalers.length <= 1,
          }).map((problem) => `${name} ${problem}`);
        }),
  },
  {
    name: "scaled-by-work",
    problems: (manifests) =>
      scalersOf(manifests)
        .filter(({ target }) => target === "medv-diffusion")
        .filter(({ queries }) => !queries.some((query) => query.includes(QUEUED_WORK)))
        .map(({ target }) => `${target} must be scaled by ${QUEUED_WORK}`),
  },
];

/** What scales a Deployment. */
type Scaler = {
  readonly target: string;
  /** Of Prometheus. */
  readonly queries: readonly string[];
};

/** Everything among `manifests` that changes a number of replicas. */
export function scalersOf(manifests: readonly Manifest[]): readonly Scaler[] {
  return manifests.flatMap((manifest) => {
    if (manifest.kind === "HorizontalPodAutoscaler") {
      // Checked against the schema by schema_problems.ts, as is the other kind.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const { spec } = manifest as unknown as IHorizontalPodAutoscaler;
      return [{ target: spec?.scaleTargetRef.name ?? "", queries: [] }];
    }
    if (manifest.kind !== "ScaledObject") return [];
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { spec } = manifest as unknown as IScaledObject;
    const queries = spec.triggers
      .filter(({ type }) => type === "prometheus")
      .map(({ metadata }) => metadata["query"] ?? "");
    return [{ target: spec.scaleTargetRef.name, queries }];
  });
}

function hasReplicas({ spec }: Manifest): boolean {
  return typeof spec === "object" && spec !== null && "replicas" in spec;
}
