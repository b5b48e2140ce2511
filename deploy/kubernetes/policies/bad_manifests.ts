/** A change of the overlay `gpu` that one policy must refuse. */
export type BadManifest = {
  readonly policy: string;
  /** Kind and name. */
  readonly object: string;
  /** What stands in the object's JSON, and what takes its place. */
  readonly from: string | RegExp;
  readonly to: string;
  /** Other policies that the same change breaks. */
  readonly also?: readonly string[];
};

/** Bad manifests, at least one for each policy on what is there. */
export const BAD_MANIFESTS: readonly BadManifest[] = [
  {
    policy: "non-root",
    object: "Deployment medv-vision",
    from: '"runAsUser":65532',
    to: '"runAsUser":0',
  },
  {
    policy: "seccomp",
    object: "Deployment medv-vision",
    from: '"RuntimeDefault"',
    to: '"Unconfined"',
  },
  {
    policy: "own-machine",
    object: "Deployment medv-vision",
    from: '"emptyDir":{"sizeLimit":"64Mi"}',
    to: '"hostPath":{"path":"/"}',
  },
  {
    policy: "no-privileges",
    object: "Job medv-weights-0-1-0-cuda",
    from: '"allowPrivilegeEscalation":false',
    to: '"allowPrivilegeEscalation":true',
  },
  {
    policy: "read-only-root",
    object: "Deployment medv-gateway",
    from: '"readOnlyRootFilesystem":true',
    to: '"readOnlyRootFilesystem":false',
  },
  {
    policy: "no-token",
    object: "ServiceAccount medv-diffusion",
    from: '"automountServiceAccountToken":false',
    to: '"automountServiceAccountToken":true',
  },
  {
    policy: "no-service-links",
    object: "Deployment medv-gateway",
    from: '"enableServiceLinks":false',
    to: '"enableServiceLinks":true',
  },
  {
    policy: "secrets-by-reference",
    object: "Job medv-weights-0-1-0-cuda",
    from: /"valueFrom":\{"secretKeyRef":.*?\}\}/,
    to: '"value":"hf_0123"',
  },
  {
    policy: "secrets-by-reference",
    object: "Deployment medv-gateway",
    from: /("MEDV_API_KEYS"),"valueFrom":\{.*?\}\}/,
    to: '$1,"value":"lab:0123"',
  },
  {
    policy: "secrets-by-reference",
    object: "Deployment medv-vision",
    from: /("MEDV_CACHE_URL"),"valueFrom":\{.*?\}\}/,
    to: '$1,"value":"redis://cache.example:6379"',
  },
  {
    policy: "secrets-by-reference",
    object: "Deployment medv-vision",
    from: /("MEDV_CACHE_KEY","valueFrom":)\{"secretKeyRef"/,
    to: '$1{"configMapKeyRef"',
  },
  {
    policy: "secrets-by-reference",
    object: "Deployment medv-diffusion",
    from: '"env":[',
    to: '"env":[{"name":"OTEL_EXPORTER_OTLP_HEADERS","value":"authorization=0123"},',
  },
  {
    policy: "secrets-by-reference",
    object: "Deployment medv-diffusion",
    from: "http://otel-collector",
    to: "http://medv:0123@otel-collector",
  },
  {
    policy: "secrets-by-reference",
    object: "Job medv-weights-0-1-0-cuda",
    from: '"--from"',
    to: '"--token","hf_0123","--from"',
  },
  {
    policy: "secrets-by-reference",
    object: "Job medv-weights-0-1-0-cuda",
    from: "$(MEDV_WEIGHTS_URL)",
    to: "https://medv:0123@weights.example/",
  },
  {
    policy: "limits",
    object: "Deployment medv-vision",
    from: '"memory":"8Gi","nvidia',
    to: '"nvidia',
  },
  {
    policy: "gpu-where-cuda",
    object: "Deployment medv-vision",
    from: "0.1.0-cuda",
    to: "0.1.0-cpu",
  },
  { policy: "pinned-image", object: "Deployment medv-gateway", from: ":0.1.0", to: ":latest" },
  {
    policy: "probes",
    object: "Deployment medv-diffusion",
    from: '"livenessProbe":{"failureThreshold":6,"grpc":{"port":50061}',
    to: '"livenessProbe":{"failureThreshold":6,"grpc":{"port":50061,"service":"medv.v1.DiffusionDecoder"}',
  },
  {
    policy: "drain",
    object: "Deployment medv-gateway",
    from: '"terminationGracePeriodSeconds":330',
    to: '"terminationGracePeriodSeconds":310',
  },
  {
    policy: "drain",
    object: "Deployment medv-gateway",
    from: '"env":[',
    to: '"env":[{"name":"MEDV_ANSWER_TIMEOUT_SECONDS","value":"325"},',
  },
  {
    policy: "route-timeouts",
    object: "HTTPRoute medv",
    from: '"backendRequest":"330s"',
    to: '"backendRequest":"5m"',
  },
  {
    policy: "route-timeouts",
    object: "HTTPRoute medv",
    from: '"request":"330s"',
    to: '"none":"330s"',
  },
  {
    policy: "disruption",
    object: "PodDisruptionBudget medv-diffusion",
    from: '"maxUnavailable":1',
    to: '"maxUnavailable":0',
  },
  {
    policy: "spread",
    object: "Deployment medv-vision",
    from: '"topologyKey":"kubernetes.io/hostname"',
    to: '"topologyKey":"nowhere"',
  },
  {
    policy: "read-only-weights",
    object: "Deployment medv-vision",
    from: '"mountPath":"/weights","name":"weights","readOnly":true',
    to: '"mountPath":"/weights","name":"weights"',
  },
  { policy: "services", object: "Service medv-vision", from: '"clusterIP":"None",', to: "" },
  {
    policy: "one-scaler",
    object: "Deployment medv-diffusion",
    from: '"revisionHistoryLimit":5',
    to: '"revisionHistoryLimit":5,"replicas":3',
  },
  {
    policy: "one-scaler",
    object: "HorizontalPodAutoscaler medv-gateway",
    from: '"kind":"Deployment","name":"medv-gateway"',
    to: '"kind":"Deployment","name":"medv-door"',
  },
  {
    policy: "scaled-by-work",
    object: "ScaledObject medv-diffusion",
    from: "medv_diffusion_queued_seconds",
    to: "medv_diffusion_queued_rows",
  },
  {
    policy: "scraped",
    object: "ServiceMonitor medv",
    from: '"port":"metrics"',
    to: '"port":"http"',
  },
  {
    policy: "scraped",
    object: "Deployment medv-vision",
    from: '"value":"0.0.0.0:9464"',
    to: '"value":"0.0.0.0:9465"',
  },
  {
    policy: "fresh-job",
    object: "Job medv-weights-0-1-0-cuda",
    from: "medv-weights-0-1-0-cuda",
    to: "medv-weights",
  },
  {
    policy: "fresh-job",
    object: "Job medv-weights-0-1-0-cuda",
    from: '"ttlSecondsAfterFinished":86400',
    to: '"backoffLimit":9',
  },
  {
    policy: "default-deny",
    object: "NetworkPolicy medv-default-deny",
    from: '"policyTypes":["Ingress","Egress"]',
    to: '"policyTypes":["Ingress"]',
  },
  {
    policy: "edges",
    object: "NetworkPolicy medv-weights",
    from: '"169.254.0.0/16",',
    to: "",
    // The weights' policy needs its edge, which the widened one no longer is.
    also: ["connected"],
  },
  { policy: "ways-out", object: "NetworkPolicy medv-cache", from: '"egress":[{', to: '"none":[{' },
  {
    policy: "connected",
    object: "NetworkPolicy medv-diffusion",
    from: '"egress":[{',
    to: '"none":[{',
  },
];

/** Bad kinds, one for each policy on what must not be there. */
export const BAD_KINDS: Readonly<Record<string, string>> = {
  "no-secret": "Secret",
  "known-kinds": "DaemonSet",
};
