import { SETTINGS } from "@medv/gateway/config";
import type { IHTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute";
import type { Manifest } from "../manifest.ts";
import { type Policy, unmet, workloadPolicy, workloadsOf } from "./workload.ts";

/** A cache that ends costs time and never an answer. */
const WITHOUT_ANSWERS = new Set(["valkey"]);

/** Nothing ends before the longest answer that the gateway's settings allow. */
export const ANSWERS: readonly Policy[] = [
  workloadPolicy("drain", ({ kind, pod, labels, main }, manifests) => {
    if (kind === "Job" || WITHOUT_ANSWERS.has(labels["app.kubernetes.io/name"] ?? "")) return [];
    const pause = main?.lifecycle?.preStop?.sleep?.seconds ?? 0;
    const longest = longestAnswerSeconds(manifests);
    return unmet({
      "must wait before it stops, until its callers know": pause >= 5,
      [`must have a grace time over ${pause} + ${longest} s`]:
        (pod.terminationGracePeriodSeconds ?? 30) > pause + longest,
    });
  }),
  {
    name: "route-timeouts",
    problems: (manifests) =>
      manifests
        .filter(({ kind }) => kind === "HTTPRoute")
        .flatMap((manifest) => {
          // Checked against the schema by schema_problems.ts.
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion
          const { spec } = manifest as unknown as IHTTPRoute;
          const longest = longestAnswerSeconds(manifests);
          const outlives = (duration: string | undefined): boolean =>
            duration !== undefined && secondsOf(duration) > longest;
          const rules = spec.rules ?? [{}];
          return unmet({
            [`must let a request take over ${longest} s`]: rules.every(({ timeouts }) =>
              outlives(timeouts?.request),
            ),
            [`must let the gateway answer for over ${longest} s`]: rules.every(({ timeouts }) =>
              outlives(timeouts?.backendRequest),
            ),
          }).map((problem) => `HTTPRoute ${manifest.metadata.name} ${problem}`);
        }),
  },
];

/** As the gateway of these manifests reads it. */
function longestAnswerSeconds(manifests: readonly Manifest[]): number {
  const gateway = workloadsOf(manifests).find(
    ({ labels }) => labels["app.kubernetes.io/name"] === "gateway",
  );
  const env = (gateway?.main?.env ?? []).map(({ name, value }) => [name, value] as const);
  return SETTINGS.answerTimeoutSeconds.read(Object.fromEntries(env));
}

const UNIT_SECONDS: ReadonlyMap<string, number> = new Map([
  ["h", 3600],
  ["m", 60],
  ["s", 1],
  ["ms", 0.001],
]);

/** A duration of the Gateway API, such as `1h30m`; none of it is no limit. */
function secondsOf(duration: string): number {
  const parts = duration.matchAll(/(\d+)(ms|[hms])/g);
  const seconds = [...parts].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (UNIT_SECONDS.get(unit ?? "") ?? 0),
    0,
  );
  return /^0(?:ms|[hms])$/.test(duration) ? Infinity : seconds;
}
