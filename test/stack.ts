import { freePort } from "@medv/evaluation/answerers/free_port";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

export type ProcessName = "vision" | "diffusion" | "gateway";

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

/** @param settings Variables for all three. */
export async function startStack(settings: Readonly<Record<string, string>> = {}): Promise<Stack> {
  const [vision, diffusion, gateway] = await freePorts();
  const [visionMetrics, diffusionMetrics, gatewayMetrics] = await freePorts();
  const env = {
    ...process.env,
    MEDV_VISION_ADDRESS: `127.0.0.1:${vision}`,
    MEDV_DIFFUSION_ADDRESS: `127.0.0.1:${diffusion}`,
    MEDV_PORT: String(gateway),
    MEDV_LOG_LEVEL: "debug",
    ...settings,
  };
  const lines: string[] = [];
  const start = async (entry: string, ready: string, scraped: number): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [join(ROOT, entry)], {
      env: { ...env, MEDV_METRICS_ADDRESS: `127.0.0.1:${scraped}` },
      stdio: ["ignore", "pipe", "pipe"],
    });
    await new Promise<void>((resolve, reject) => {
      child.on("exit", (code) =>
        reject(new Error(`${entry} ended with ${code}: ${lines.slice(-3).join("\n")}`)),
      );
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on("line", (line) => {
          lines.push(line);
          if (line.includes(`"${ready}"`)) resolve();
        });
      }
    });
    return child;
  };
  const [visionProcess, diffusionProcess, gatewayProcess] = await Promise.all([
    start("services/vision/src/main.ts", "service-ready", visionMetrics),
    start("services/diffusion/src/main.ts", "service-ready", diffusionMetrics),
    start("gateway/src/main.ts", "listen", gatewayMetrics),
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
          if (child.exitCode !== null) return child.exitCode;
          child.kill("SIGTERM");
          await once(child, "exit");
          return child.exitCode;
        }),
      ),
  };
}

async function freePorts(): Promise<readonly [number, number, number]> {
  return await Promise.all([freePort(), freePort(), freePort()]);
}
