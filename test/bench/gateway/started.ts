import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePort } from "@medv/runtime/free_port";
import { ended, startProcess } from "../../start_process.ts";

/** Services that were started for the bench. */
export type Services = {
  readonly model: string;
  readonly visionAddress: string;
  readonly diffusionAddress: string;
  stop(): Promise<void>;
};

/** A gateway before them. */
export type Gateway = { readonly url: string; stop(): Promise<void> };

/** @param isReal With the embedded checkpoint; without, services that do no work. */
export async function startServices(isReal: boolean): Promise<Services> {
  const [visionPort, diffusionPort] = [await freePort(), await freePort()];
  const [visionAddress, diffusionAddress] = [
    `127.0.0.1:${visionPort}`,
    `127.0.0.1:${diffusionPort}`,
  ];
  const env = {
    MEDV_VISION_ADDRESS: visionAddress,
    MEDV_DIFFUSION_ADDRESS: diffusionAddress,
    MEDV_LOG_LEVEL: "info",
  };
  const children = isReal
    ? await Promise.all(
        (["vision", "diffusion"] as const).map((name) => startProcess(name, env, [])),
      )
    : [await startStubs(env)];
  return {
    model: isReal ? "llada-medv-phantom" : "stub",
    visionAddress,
    diffusionAddress,
    stop: async () => void (await Promise.all(children.map(end))),
  };
}

/**
 * @param options.onOneCore Where {@link TASKSET_MISSING} is false: with its decoders on the first core alone.
 * @param options.apiKeys Everybody may ask where they are missing.
 */
export async function startGateway(
  { visionAddress, diffusionAddress }: Services,
  {
    onOneCore = false,
    apiKeys = "",
  }: { readonly onOneCore?: boolean; readonly apiKeys?: string } = {},
): Promise<Gateway> {
  const port = await freePort();
  const env = {
    MEDV_VISION_ADDRESS: visionAddress,
    MEDV_DIFFUSION_ADDRESS: diffusionAddress,
    MEDV_PORT: String(port),
    MEDV_API_KEYS: apiKeys,
    MEDV_LOG_LEVEL: "info",
  };
  // What a thread starts has its cores.
  const cores = onOneCore ? coresOf() : "";
  if (onOneCore) setCores("0");
  const starting = startProcess("gateway", env, []);
  if (onOneCore) setCores(cores);
  const child = await starting;
  return { url: `http://127.0.0.1:${port}`, stop: async () => await end(child) };
}

/** Whether processes cannot be told their cores here. */
export const TASKSET_MISSING = spawnSync("taskset", ["--version"]).error !== undefined;

function coresOf(): string {
  const said = spawnSync("taskset", ["-cp", String(process.pid)], { encoding: "utf8" }).stdout;
  return said.slice(said.indexOf(":") + 1).trim();
}

function setCores(cores: string): void {
  const { status, stderr } = spawnSync("taskset", ["-cp", cores, String(process.pid)]);
  if (status !== 0) throw new Error(`Cannot measure on core ${cores}: ${stderr.toString()}`);
}

async function startStubs(env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "stub_services.ts")], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data"); // the line that says that they are ready
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  await ended(child);
}
