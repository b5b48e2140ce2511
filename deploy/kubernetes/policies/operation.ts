import type { IJob } from "kubernetes-models/batch/v1/Job";
import type { IPodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import type { IService } from "kubernetes-models/v1/Service";
import {
  containerPolicy,
  selects,
  unmet,
  workloadPolicy,
  workloadsOf,
  type Policy,
} from "./workload.ts";

const GPU = "nvidia.com/gpu";

/** Kinds that the other policies look into; a new one is added here together with what must hold of it. */
const KINDS = new Set([
  ...["ServiceAccount", "Service", "PodDisruptionBudget", "Deployment", "Job", "NetworkPolicy"],
  ...["PersistentVolumeClaim", "HorizontalPodAutoscaler", "ScaledObject", "ServiceMonitor"],
  "HTTPRoute",
]);

/** Upgrades, failures and load go by without a dropped answer. */
export const OPERATION: readonly Policy[] = [
  {
    name: "known-kinds",
    problems: (manifests) =>
      manifests
        .filter(({ kind }) => !KINDS.has(kind))
        .map(
          ({ kind, metadata }) => `${kind} ${metadata.name} is of a kind that no policy looks into`,
        ),
  },
  containerPolicy("limits", ({ resources }) => {
    const amounts = ["cpu", "memory"] as const;
    return unmet({
      "must request processors and memory": amounts.every((name) => resources?.requests?.[name]),
      "must have limits of processors and memory": amounts.every(
        (name) => resources?.limits?.[name],
      ),
      "must request as many GPUs as its limit":
        resources?.requests?.[GPU] === resources?.limits?.[GPU],
    });
  }),
  containerPolicy("gpu-where-cuda", ({ env, image, resources }, { pod, kind }) => {
    const cuda =
      env?.some(({ name, value }) => name === "MEDV_DEVICE" && value === "cuda") === true;
    if (!cuda)
      return unmet({ "must not hold a GPU without MEDV_DEVICE=cuda": !resources?.limits?.[GPU] });
    return unmet({
      "must have a GPU": kind === "Deployment" && resources?.limits?.[GPU] !== undefined,
      "must be of the CUDA image": image?.endsWith("-cuda") === true,
      "must run on a node with a GPU": pod.nodeSelector?.["nvidia.com/gpu.present"] === "true",
    });
  }),
  containerPolicy("pinned-image", ({ image = "" }) =>
    unmet({
      [`must have a version, not "${image}"`]:
        /[^/]:(?!latest(?:-|$))[^:/]+$|@sha256:[0-9a-f]{64}$/.test(image),
    }),
  ),
  containerPolicy("probes", (container, { kind, pod }) => {
    // An init container ends before the others begin, and is not asked.
    if (kind === "Job" || !pod.containers.includes(container)) return [];
    const { startupProbe, livenessProbe, readinessProbe } = container;
    const asked = (probe: typeof livenessProbe): string =>
      JSON.stringify([probe?.httpGet, probe?.grpc, probe?.exec, probe?.tcpSocket]);
    return unmet({
      "must have a startup probe": startupProbe !== undefined,
      "must have a liveness probe": livenessProbe !== undefined,
      "must have a readiness probe": readinessProbe !== undefined,
      "must not be killed when it is only not ready":
        asked(livenessProbe) !== asked(readinessProbe),
    });
  }),
  workloadPolicy("disruption", ({ kind, labels }, manifests) => {
    if (kind === "Job") return [];
    const budgets = manifests.filter((each) => each.kind === "PodDisruptionBudget");
    return unmet({
      "must have a PodDisruptionBudget that lets one pod go": budgets.some((budget) => {
        // Checked against the schema by schema_problems.ts.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        const { spec } = budget as unknown as IPodDisruptionBudget;
        return spec?.maxUnavailable === 1 && selects(spec.selector, labels);
      }),
    });
  }),
  workloadPolicy("spread", ({ kind, pod, labels }) =>
    unmet({
      "must spread over the nodes":
        kind === "Job" ||
        (pod.topologySpreadConstraints ?? []).some(
          ({ topologyKey, labelSelector }) =>
            topologyKey === "kubernetes.io/hostname" && selects(labelSelector, labels),
        ),
    }),
  ),
  workloadPolicy("read-only-weights", ({ kind, pod, containers, main }) => {
    if (kind === "Job") return [];
    const claims = (pod.volumes ?? []).filter(
      (volume) => volume.persistentVolumeClaim !== undefined,
    );
    const env = (main?.env ?? []).map(({ name }) => name);
    return unmet({
      "must mount its weights read-only": claims.every((volume) =>
        containers.every((container) =>
          (container.volumeMounts ?? []).every(
            ({ name, readOnly }) => name !== volume.name || readOnly === true,
          ),
        ),
      ),
      "must check its weights by MEDV_CHECKPOINT_SUMS":
        !env.includes("MEDV_CHECKPOINT") || env.includes("MEDV_CHECKPOINT_SUMS"),
    });
  }),
  {
    name: "services",
    problems: (manifests) =>
      manifests
        .filter(({ kind }) => kind === "Service")
        .flatMap((manifest) => {
          // Checked against the schema by schema_problems.ts.
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion
          const { spec } = manifest as unknown as IService;
          const pods = workloadsOf(manifests).filter(({ labels }) =>
            selects({ matchLabels: spec?.selector ?? {} }, labels),
          );
          const ports = pods.flatMap(({ containers }) =>
            containers.flatMap((container) => (container.ports ?? []).map(({ name }) => name)),
          );
          const isGrpc = (spec?.ports ?? []).some(({ name }) => name === "grpc");
          return unmet({
            "must lead to exactly one workload": pods.length === 1,
            "must name ports that the workload has": (spec?.ports ?? []).every(({ targetPort }) =>
              ports.includes(String(targetPort)),
            ),
            "must be headless, so that callers see every replica":
              !isGrpc || spec?.clusterIP === "None",
          }).map((problem) => `Service ${manifest.metadata.name} ${problem}`);
        }),
  },
  {
    // The template of a Job cannot be changed.
    name: "fresh-job",
    problems: (manifests) =>
      manifests
        .filter(({ kind }) => kind === "Job")
        .flatMap((manifest) => {
          // Checked against the schema by schema_problems.ts.
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion
          const { spec } = manifest as unknown as IJob;
          const { name } = manifest.metadata;
          const images = spec?.template.spec?.containers.map(({ image = "" }) => image) ?? [];
          return unmet({
            "must have the version of its image in its name, so that an upgrade makes a new one":
              images.every((image) => name.endsWith(`-${versionOf(image)}`)),
            "must go some time after its end": spec?.ttlSecondsAfterFinished !== undefined,
          }).map((problem) => `${name} ${problem}`);
        }),
  },
];

/** The tag of an image, as it can stand in a name. */
function versionOf(image: string): string {
  return image
    .slice(image.lastIndexOf(":") + 1)
    .toLowerCase()
    .replaceAll(/[._]/g, "-");
}
