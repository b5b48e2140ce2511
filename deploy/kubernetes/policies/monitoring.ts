import type { IServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor";
import type { IService } from "kubernetes-models/v1/Service";
import type { Manifest } from "../manifest.ts";
import { type Policy, selects, unmet, type Workload, workloadPolicy } from "./workload.ts";

const METRICS_ADDRESS = "MEDV_METRICS_ADDRESS";

/** Where anything is scraped, every process is, at the port where it answers. */
export const MONITORING: readonly Policy[] = [
  workloadPolicy("scraped", (workload, manifests) => {
    const env = workload.main?.env ?? [];
    const isProcess =
      workload.kind === "Deployment" && env.some(({ name }) => name.startsWith("MEDV_"));
    if (!isProcess || !manifests.some(({ kind }) => kind === "ServiceMonitor")) return [];
    const address = env.find(({ name }) => name === METRICS_ADDRESS)?.value ?? "";
    return unmet({
      [`must be scraped at the port of ${METRICS_ADDRESS}`]: scrapedPorts(
        workload,
        manifests,
      ).includes(Number(address.split(":").at(-1))),
    });
  }),
];

/** The ports of a workload's pods that a ServiceMonitor finds through a Service. */
function scrapedPorts(
  { labels, containers }: Workload,
  manifests: readonly Manifest[],
): readonly number[] {
  const ports = containers.flatMap((container) => container.ports ?? []);
  return manifests
    .filter(({ kind }) => kind === "ServiceMonitor")
    .flatMap((monitor) => {
      // Checked against the schema by schema_problems.ts, as are Services.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const { spec } = monitor as unknown as IServiceMonitor;
      const scraped = new Set(spec.endpoints.map(({ port }) => port));
      return (
        manifests
          .filter(({ kind }) => kind === "Service")
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion
          .map((service) => service as unknown as IService)
          .filter((service) => selects(spec.selector, service.metadata?.labels ?? {}))
          .filter((service) => selects({ matchLabels: service.spec?.selector ?? {} }, labels))
          .flatMap((service) => service.spec?.ports ?? [])
          .filter(({ name }) => scraped.has(name))
          .flatMap(({ targetPort }) => ports.filter(({ name }) => name === targetPort))
          .map(({ containerPort }) => containerPort)
      );
    });
}
