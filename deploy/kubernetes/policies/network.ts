import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import type { INetworkPolicyPeer } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer";
import type { Manifest } from "../manifest.ts";
import { selects, workloadsOf, type Policy } from "./workload.ts";

/** The edges of the design: who may open a connection to whom. */
const EDGES: readonly string[] = [
  "namespace medv-ingress=true > gateway:8080",
  "gateway > vision:50051",
  "gateway > diffusion:50052",
  "diffusion > vision:50051",
  ...["gateway", "vision", "diffusion", "weights", "valkey"].flatMap((name) => [
    `${name} > kube-system k8s-app=kube-dns:53`,
    `namespace medv-monitoring=true > ${name}:9464`,
  ]),
  "weights > world:443",
];

/** Edges to a cache of the installation's own. */
const CACHE_EDGES = ["gateway", "vision", "diffusion"].map((name) => `${name} > valkey:6379`);

/** Edges that a process has because of a variable, and no process without it. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  OTEL_EXPORTER_OTLP_ENDPOINT: "namespace medv-tracing=true:4318",
  MEDV_CACHE_URL: "namespace medv-cache=true:6379",
  MEDV_JWKS_URL: "world:443",
  MEDV_IMAGE_URL_HOSTS: "world:443",
};

/** Where the addresses of clusters, nodes and the cloud's metadata lie: RFC 1918, RFC 6598, RFC 3927. */
const INNER = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];

export const NETWORK: readonly Policy[] = [
  {
    name: "default-deny",
    problems: (manifests) =>
      policiesOf(manifests).some(
        ({ spec }) =>
          Object.keys(spec?.podSelector ?? { none: true }).length === 0 &&
          spec?.policyTypes?.toSorted().join() === "Egress,Ingress" &&
          spec.ingress === undefined &&
          spec.egress === undefined,
      )
        ? []
        : ["nothing denies what no policy allows"],
  },
  {
    name: "edges",
    problems: (manifests) => {
      const known = new Set([...designOf(manifests), ...waysOutOf(manifests)]);
      return Object.values(edgesOf(manifests))
        .flat()
        .filter((edge) => !known.has(edge))
        .map((edge) => `${edge} is no edge of the design`);
    },
  },
  {
    name: "ways-out",
    problems: (manifests) => {
      const { left } = edgesOf(manifests);
      return waysOutOf(manifests)
        .filter((edge) => !left.includes(edge))
        .map((edge) => `${edge} may not leave, though a variable asks for it`);
    },
  },
  {
    // A connection goes only where its source may leave and its target lets it in.
    name: "connected",
    problems: (manifests) => {
      const { left, entered } = edgesOf(manifests);
      const names = namesOf(manifests);
      return designOf(manifests).flatMap((edge) => {
        const [source = "", target = ""] = edge.split(" > ");
        const isInner = names.includes(target.split(":")[0]);
        const mustLeave = names.includes(source) && !left.includes(edge);
        const mustEnter =
          isInner && !source.startsWith("namespace medv-monitoring") && !entered.includes(edge);
        return [
          ...(mustLeave ? [`${edge} may not leave, though the design needs it`] : []),
          ...(mustEnter ? [`${edge} may not enter, though the design needs it`] : []),
        ];
      });
    },
  },
];

function designOf(manifests: readonly Manifest[]): readonly string[] {
  return namesOf(manifests).includes("valkey") ? [...EDGES, ...CACHE_EDGES] : EDGES;
}

function namesOf(manifests: readonly Manifest[]): readonly (string | undefined)[] {
  return workloadsOf(manifests).map(({ labels }) => labels["app.kubernetes.io/name"]);
}

/** The edges that variables of the processes ask for. */
function waysOutOf(manifests: readonly Manifest[]): readonly string[] {
  return workloadsOf(manifests).flatMap(({ labels, containers }) =>
    containers
      .flatMap(({ env }) => env ?? [])
      .flatMap(({ name }) => WAYS_OUT[name] ?? [])
      .map((way) => `${labels["app.kubernetes.io/name"]} > ${way}`),
  );
}

function policiesOf(manifests: readonly Manifest[]): readonly INetworkPolicy[] {
  // Checked against the schema by schema_problems.ts.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return manifests.filter(({ kind }) => kind === "NetworkPolicy") as unknown as INetworkPolicy[];
}

/** Every connection that may leave, and that may enter, as `from > to:port`; a port of `any` is all of them. */
function edgesOf(manifests: readonly Manifest[]): {
  readonly left: readonly string[];
  readonly entered: readonly string[];
} {
  const names = (selector: INetworkPolicyPeer["podSelector"]): readonly string[] =>
    workloadsOf(manifests)
      .filter(({ labels }) => selects(selector, labels))
      .map(({ labels }) => labels["app.kubernetes.io/name"] ?? "unnamed");
  const ends = (peers: readonly INetworkPolicyPeer[] | undefined): readonly string[] =>
    peers === undefined ? ["anyone"] : peers.flatMap((peer) => endsOf(peer, names));

  const policies = policiesOf(manifests);
  const entered = policies.flatMap(({ spec }) =>
    (spec?.ingress ?? []).flatMap(({ from, ports }) =>
      edges(ends(from), names(spec?.podSelector), ports),
    ),
  );
  const left = policies.flatMap(({ spec }) =>
    (spec?.egress ?? []).flatMap(({ to, ports }) =>
      edges(names(spec?.podSelector), ends(to), ports),
    ),
  );
  return { left, entered };
}

function edges(
  sources: readonly string[],
  targets: readonly string[],
  ports: readonly { readonly port?: string | number }[] | undefined,
): readonly string[] {
  return sources.flatMap((source) =>
    targets.flatMap((target) => portsOf(ports).map((port) => `${source} > ${target}:${port}`)),
  );
}

function endsOf(
  { ipBlock, namespaceSelector, podSelector }: INetworkPolicyPeer,
  names: (selector: INetworkPolicyPeer["podSelector"]) => readonly string[],
): readonly string[] {
  if (ipBlock !== undefined) {
    const isOutside = INNER.every((block) => ipBlock.except?.includes(block));
    return [isOutside ? "world" : `addresses ${ipBlock.cidr}`];
  }
  if (namespaceSelector === undefined) return names(podSelector);
  const namespace = textOf(namespaceSelector.matchLabels);
  const pods = textOf(podSelector?.matchLabels);
  return [
    pods === "any"
      ? `namespace ${namespace}`
      : `${namespace.replace("kubernetes.io/metadata.name=", "")} ${pods}`,
  ];
}

function textOf(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? "any" : pairs.join(",");
}

function portsOf(
  ports: readonly { readonly port?: string | number }[] | undefined,
): readonly string[] {
  return [...new Set((ports ?? [{}]).map(({ port }) => String(port ?? "any")))];
}
