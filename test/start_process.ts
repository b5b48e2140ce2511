import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const END_WITH_PARENT = new URL("./end_with_parent.ts", import.meta.url).href;

export type ProcessName = "vision" | "diffusion" | "gateway";

/** Where each process begins, and the event in its log that says it takes requests. */
export const PROCESSES: Readonly<
  Record<ProcessName, { readonly entry: string; readonly ready: string }>
> = {
  vision: { entry: "services/vision/src/main.ts", ready: "service-ready" },
  diffusion: { entry: "services/diffusion/src/main.ts", ready: "service-ready" },
  gateway: { entry: "gateway/src/main.ts", ready: "listen" },
};

/**
 * Starts a process and waits until a line of its log names `event`. It ends with the test's process at the latest, also
 * where a hook ran out of time or the test was killed.
 *
 * @param lines Gets every line that it prints.
 * @throws {Error} If it ends before, with what it printed last.
 */
export async function startProcess(
  name: ProcessName,
  env: NodeJS.ProcessEnv,
  lines: string[],
  event = PROCESSES[name].ready,
): Promise<ChildProcess> {
  const { entry } = PROCESSES[name];
  const child = spawn(process.execPath, ["--import", END_WITH_PARENT, join(ROOT, entry)], {
    env: { ...process.env, MEDV_LOG_LEVEL: "debug", ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  await new Promise<void>((resolve, reject) => {
    child.on("exit", (code) =>
      reject(new Error(`${entry} ended with ${code}: ${lines.slice(-3).join("\n")}`)),
    );
    for (const stream of [child.stdout, child.stderr].filter((each) => each !== null)) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        if (line.includes(`"${event}"`)) resolve();
      });
    }
  });
  return child;
}

/** Waits for a process's end; resolves with its code. */
export async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}
