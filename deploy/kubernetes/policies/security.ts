import { containerPolicy, type Policy, unmet, workloadPolicy } from "./workload.ts";

/** Volumes that Pod Security's level `restricted` lets through. */
const VOLUMES = new Set([
  ...["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral"],
  ...["persistentVolumeClaim", "projected", "secret"],
]);

/** What must not be read by whoever reads the manifest: the cache's URL has a password in it, OTLP's headers a token. */
const SECRET_NAME = /TOKEN|SECRET|PASSWORD|_AUTH$|_KEYS?$|_HEADERS$|^MEDV_CACHE_URL$/;

/** An option that is named for a secret, with or without its value. */
const SECRET_OPTION = /^--?[\w-]*(?:token|secret|pass|key)[\w-]*(?:=(.*))?$/i;

const PASSWORD_IN_URL = /:\/\/[^/@]*:[^/@]+@/;

/** Nobody who breaks into a process gets further: Pod Security `restricted`, and more. */
export const SECURITY: readonly Policy[] = [
  workloadPolicy("non-root", ({ pod }) =>
    unmet({
      "must have runAsNonRoot": pod.securityContext?.runAsNonRoot === true,
      "must run as a user other than root": (pod.securityContext?.runAsUser ?? 0) > 0,
    }),
  ),
  workloadPolicy("seccomp", ({ pod }) =>
    unmet({
      "must have the seccomp profile RuntimeDefault":
        pod.securityContext?.seccompProfile?.type === "RuntimeDefault",
    }),
  ),
  workloadPolicy("own-machine", ({ pod }) =>
    unmet({
      "must not share the host's network, processes or IPC":
        pod.hostNetwork !== true && pod.hostPID !== true && pod.hostIPC !== true,
      "must not mount from the host": (pod.volumes ?? []).every((volume) =>
        Object.keys(volume).every((key) => key === "name" || VOLUMES.has(key)),
      ),
    }),
  ),
  containerPolicy("no-privileges", ({ securityContext }) =>
    unmet({
      "must not be privileged": securityContext?.privileged !== true,
      "must not escalate privileges": securityContext?.allowPrivilegeEscalation === false,
      "must drop all capabilities": securityContext?.capabilities?.drop?.join() === "ALL",
      "must add no capability": (securityContext?.capabilities?.add ?? []).length === 0,
      "must run as the pod's user": (securityContext?.runAsUser ?? 1) > 0,
    }),
  ),
  containerPolicy("read-only-root", ({ securityContext }) =>
    unmet({ "must have a read-only root": securityContext?.readOnlyRootFilesystem === true }),
  ),
  workloadPolicy("no-token", ({ pod }, manifests) =>
    unmet({
      "must not get a token of the cluster": pod.automountServiceAccountToken === false,
      "must have a service account of its own, without a token": manifests.some(
        ({ kind, metadata, automountServiceAccountToken }) =>
          kind === "ServiceAccount" &&
          metadata.name === pod.serviceAccountName &&
          automountServiceAccountToken === false,
      ),
    }),
  ),
  workloadPolicy("no-service-links", ({ pod }) =>
    unmet({
      "must have enableServiceLinks: false, or Kubernetes sets MEDV_ variables":
        pod.enableServiceLinks === false,
    }),
  ),
  {
    name: "no-secret",
    problems: (manifests) =>
      manifests
        .filter(({ kind }) => kind === "Secret")
        .map(({ metadata }) => `Secret ${metadata.name} must be made elsewhere`),
  },
  containerPolicy("secrets-by-reference", ({ env = [], command = [], args = [] }) => [
    ...env
      .filter(({ name, value, valueFrom }) =>
        SECRET_NAME.test(name)
          ? valueFrom?.secretKeyRef === undefined && !isReference(value)
          : PASSWORD_IN_URL.test(value ?? ""),
      )
      .map(({ name }) => `must take ${name} from a Secret`),
    ...[...command, ...args]
      .filter((word, index, words) => {
        const option = SECRET_OPTION.exec(word);
        return option === null
          ? PASSWORD_IN_URL.test(word)
          : !isReference(option[1] ?? words[index + 1]);
      })
      .map((word) => `must take what "${word.split(/[=:]/)[0]}" says from a Secret`),
  ]),
];

/** A file, which a Secret is mounted as, or a variable, which is looked at itself. */
function isReference(value: string | undefined): boolean {
  return /^(?:\/[\w./-]+|\$\(\w+\))$/.test(value ?? "");
}
