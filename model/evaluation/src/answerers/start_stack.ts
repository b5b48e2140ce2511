import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "@medv/runtime/free_port";

const START = join(import.meta.dirname, "../../../../deploy/local/start.ts");
const READY = "LLaDA-MedV answers at";

/** A gateway with its services, started for this evaluation. */
export type Stack = { readonly url: string; readonly stop: () => Promise<void> };

/**
 * Starts the three processes on free ports and waits until they answer.
 *
 * @param checkpoint Directory of the checkpoint; the embedded one if undefined.
 * @throws {Error} If they end before they are ready, with what they printed last.
 */
export async function startStack(
  checkpoint: string | undefined,
  signal: AbortSignal,
): Promise<Stack> {
  signal.throwIfAborted();
  const [vision, diffusion, gateway] = await Promise.all([freePort(), freePort(), freePort()]);
  // A process group of its own: Ctrl-C reaches the evaluation alone, which then stops the stack.
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", START], {
    env: {
      ...process.env,
      MEDV_VISION_ADDRESS: `127.0.0.1:${vision}`,
      MEDV_DIFFUSION_ADDRESS: `127.0.0.1:${diffusion}`,
      MEDV_HOST: "127.0.0.1",
      MEDV_PORT: String(gateway),
      ...(checkpoint !== undefined && { MEDV_CHECKPOINT: checkpoint }),
    },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const last: string[] = [];
  const kill = (): void => void child.kill("SIGTERM");
  process.once("exit", kill);
  const stop = async (): Promise<void> => {
    process.off("exit", kill);
    if (child.exitCode !== null || child.signalCode !== null) return;
    kill();
    await once(child, "exit");
  };
  try {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      child.on("exit", () =>
        reject(new Error(`Cannot evaluate as the services did not start:\n${last.join("\n")}`)),
      );
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on("line", (line) => {
          last.push(line);
          if (last.length > 10) last.shift();
          if (line.startsWith(READY)) resolve();
        });
      }
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://127.0.0.1:${gateway}`, stop };
}
