import type { ChildProcess } from "node:child_process";
import { freePort } from "@medv/runtime/free_port";
import { ended, PROCESSES, type ProcessName, startProcess } from "../start_process.ts";
import { type Network, startNetwork } from "./network.ts";

/** One replica of a process; it keeps its port when it is started again. */
export type Replica = {
  readonly name: ProcessName;
  readonly port: number;
  readonly metricsUrl: string;
  readonly lines: string[];
  readonly child: ChildProcess;
  /** Starts it again; resolves when it takes requests. */
  start(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Asks it to end; resolves with its exit code. */
  stop(): Promise<number | null>;
};

/** From where to where a network goes. */
export type Edge = "gateway > vision" | "gateway > diffusion" | "diffusion > vision";

/** Replicas of all three processes. */
export type Cluster = {
  readonly replicas: readonly Replica[];
  /** The replica of this name and place. */
  replica(name: ProcessName, index?: number): Replica;
  /** Of the gateway of this place. */
  url(index?: number): string;
  /** Between the processes, where the cluster was started with networks. */
  network(edge: Edge): Network;
  /** All lines of all replicas with this event. */
  events(event: string): readonly string[];
  /** All lines of all replicas with which somebody must act. */
  errors(): readonly string[];
  stop(): Promise<void>;
};

export type ClusterOptions = {
  readonly counts?: Partial<Record<ProcessName, number>>;
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether each edge goes through a network that can fail; for single replicas. */
  readonly networks?: boolean;
};

/** @throws {Error} If a process does not start, with what it printed last; nothing is left running. */
export async function startCluster({
  counts = {},
  settings = {},
  networks = false,
}: ClusterOptions = {}): Promise<Cluster> {
  const portsOf = async (name: ProcessName): Promise<readonly number[]> =>
    await Promise.all(Array.from({ length: counts[name] ?? 1 }, () => freePort()));
  const ports = {
    vision: await portsOf("vision"),
    diffusion: await portsOf("diffusion"),
    gateway: await portsOf("gateway"),
  };
  const between = new Map<Edge, Network>();
  if (networks) {
    for (const edge of ["gateway > vision", "gateway > diffusion", "diffusion > vision"] as const) {
      const target = edge.endsWith("vision") ? ports.vision : ports.diffusion;
      between.set(edge, await startNetwork(target[0] ?? 0));
    }
  }
  /** Where a process finds the replicas of another. */
  const way = (edge: Edge, targets: readonly number[]): string => {
    const network = between.get(edge);
    return (network === undefined ? targets : [network.port]).map(toAddress).join(",");
  };
  const envOf = (name: ProcessName, port: number): NodeJS.ProcessEnv => {
    const address = toAddress(port);
    const own = {
      vision: { MEDV_VISION_ADDRESS: address },
      diffusion: {
        MEDV_DIFFUSION_ADDRESS: address,
        MEDV_VISION_ADDRESS: way("diffusion > vision", ports.vision),
      },
      gateway: {
        MEDV_PORT: String(port),
        MEDV_VISION_ADDRESS: way("gateway > vision", ports.vision),
        MEDV_DIFFUSION_ADDRESS: way("gateway > diffusion", ports.diffusion),
      },
    };
    return { MEDV_THREADS: "1", ...own[name], ...settings };
  };
  const replicas: Replica[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(replicas.map((replica) => replica.kill()));
    await Promise.all([...between.values()].map((network) => network.stop()));
  };
  const names = Object.keys(PROCESSES) as ProcessName[];
  const starts = await Promise.allSettled(
    names.flatMap((name) =>
      ports[name].map(async (port) => {
        replicas.push(await startReplica(name, port, envOf(name, port)));
      }),
    ),
  );
  const failure = starts.find((each) => each.status === "rejected");
  if (failure !== undefined) {
    await stop();
    throw failure.reason;
  }
  const ofName = (name: ProcessName): readonly Replica[] =>
    replicas
      .filter((each) => each.name === name)
      .toSorted((one, other) => ports[name].indexOf(one.port) - ports[name].indexOf(other.port));
  const linesWith = (part: string): readonly string[] =>
    replicas.flatMap(({ lines }) => lines.filter((line) => line.includes(part)));
  const replica = (name: ProcessName, index = 0): Replica => found(ofName(name)[index], name);
  return {
    replicas,
    replica,
    url: (index = 0) => `http://127.0.0.1:${replica("gateway", index).port}`,
    network: (edge) => found(between.get(edge), edge),
    events: (event) => linesWith(`"msg":"${event}"`),
    errors: () => [...linesWith('"level":"error"'), ...linesWith('"level":"fatal"')],
    stop,
  };
}

async function startReplica(
  name: ProcessName,
  port: number,
  env: NodeJS.ProcessEnv,
): Promise<Replica> {
  const lines: string[] = [];
  const metricsPort = await freePort();
  const start = (): Promise<ChildProcess> =>
    startProcess(name, { ...env, MEDV_METRICS_ADDRESS: toAddress(metricsPort) }, lines);
  let child = await start();
  return {
    name,
    port,
    lines,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    get child() {
      return child;
    },
    async start() {
      child = await start();
    },
    async kill() {
      child.kill("SIGKILL");
      await ended(child);
    },
    async stop() {
      child.kill("SIGTERM");
      return await ended(child);
    },
  };
}

function toAddress(port: number): string {
  return `127.0.0.1:${port}`;
}

function found<T>(value: T | undefined, what: string): T {
  if (value !== undefined) return value;
  throw new RangeError(`Cannot find ${what} in the cluster`);
}
