import type { ChildProcess } from "node:child_process";
import { freePort } from "@medv/runtime/free_port";
import { ended, type ProcessName, type Runtime, startProcess } from "./start_process.ts";

export type { ProcessName, Runtime } from "./start_process.ts";

/** The three processes on free loopback ports. */
export type Stack = {
  readonly url: string;
  /** Of the services, for gRPC. */
  readonly addresses: Readonly<Record<"vision" | "diffusion", string>>;
  /** Where the metrics of each stand. */
  readonly metrics: Readonly<Record<ProcessName, string>>;
  /** Every line that the processes printed. */
  readonly lines: readonly string[];
  process(name: ProcessName): ChildProcess;
  /** Resolves with the exit codes. */
  stop(): Promise<readonly (number | null)[]>;
};

/**
 * @param settings Variables for all three.
 * @param gatewayRuntime What the gateway runs on.
 */
export async function startStack(
  settings: Readonly<Record<string, string>> = {},
  gatewayRuntime: Runtime = "node",
): Promise<Stack> {
  const [vision, diffusion, gateway] = await freePorts();
  const [visionMetrics, diffusionMetrics, gatewayMetrics] = await freePorts();
  const env = {
    MEDV_VISION_ADDRESS: `127.0.0.1:${vision}`,
    MEDV_DIFFUSION_ADDRESS: `127.0.0.1:${diffusion}`,
    MEDV_PORT: String(gateway),
    ...settings,
  };
  const lines: string[] = [];
  const start = (name: ProcessName, scraped: number): Promise<ChildProcess> => {
    const runtime = name === "gateway" ? gatewayRuntime : "node";
    const variables = { ...env, MEDV_METRICS_ADDRESS: `127.0.0.1:${scraped}` };
    return startProcess(name, variables, lines, { runtime });
  };
  const [visionProcess, diffusionProcess, gatewayProcess] = await Promise.all([
    start("vision", visionMetrics),
    start("diffusion", diffusionMetrics),
    start("gateway", gatewayMetrics),
  ]);
  const children = { vision: visionProcess, diffusion: diffusionProcess, gateway: gatewayProcess };
  return {
    url: `http://127.0.0.1:${gateway}`,
    addresses: { vision: `127.0.0.1:${vision}`, diffusion: `127.0.0.1:${diffusion}` },
    metrics: {
      vision: `http://127.0.0.1:${visionMetrics}/metrics`,
      diffusion: `http://127.0.0.1:${diffusionMetrics}/metrics`,
      gateway: `http://127.0.0.1:${gatewayMetrics}/metrics`,
    },
    lines,
    process: (name) => children[name],
    stop: () =>
      Promise.all(
        [gatewayProcess, diffusionProcess, visionProcess].map(async (child) => {
          if (child.exitCode === null) child.kill("SIGTERM");
          return await ended(child);
        }),
      ),
  };
}

async function freePorts(): Promise<readonly [number, number, number]> {
  return await Promise.all([freePort(), freePort(), freePort()]);
}
