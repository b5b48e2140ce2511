import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { DENO } from "./deno_executable.ts";

const ROOT = join(import.meta.dirname, "..");
const END_WITH_PARENT = new URL("./end_with_parent.ts", import.meta.url).href;

export type ProcessName = "vision" | "diffusion" | "gateway";

/** What a process runs on; the gateway alone runs on either. */
export type Runtime = "node" | "deno";

/** The command before a process's entry, and what it needs. */
const RUNTIMES: Readonly<
  Record<Runtime, { readonly command: readonly string[]; readonly env: NodeJS.ProcessEnv }>
> = {
  node: { command: [process.execPath, "--import", END_WITH_PARENT], env: {} },
  deno: {
    command: [DENO ?? "deno", "run", "--allow-all", "--no-remote", "--import", END_WITH_PARENT],
    // What Deno compiles is not left with whoever runs this.
    env: { DENO_DIR: join(ROOT, ".cache/deno"), DENO_NO_UPDATE_CHECK: "1" },
  },
};

/** Where each process begins, and the event in its log that says it takes requests. */
export const PROCESSES: Readonly<
  Record<ProcessName, { readonly entry: string; readonly ready: string }>
> = {
  vision: { entry: "services/vision/src/main.ts", ready: "service-ready" },
  diffusion: { entry: "services/diffusion/src/main.ts", ready: "service-ready" },
  gateway: { entry: "gateway/src/main.ts", ready: "listen" },
};

/**
 * Starts a process and waits until a line of its log names an event. It ends with the test's process at the latest, also
 * where a hook ran out of time or the test was killed.
 *
 * @param lines Gets every line that it prints.
 * @param options.event The one that says it takes requests, where none is named.
 * @throws {Error} If it ends before, with what it printed last.
 */
export async function startProcess(
  name: ProcessName,
  env: NodeJS.ProcessEnv,
  lines: string[],
  {
    event = PROCESSES[name].ready,
    runtime = "node",
  }: { readonly event?: string; readonly runtime?: Runtime } = {},
): Promise<ChildProcess> {
  const { entry } = PROCESSES[name];
  const { command, env: runtimeEnv } = RUNTIMES[runtime];
  const [executable = "", ...options] = command;
  const child = spawn(executable, [...options, join(ROOT, entry)], {
    env: { ...process.env, ...runtimeEnv, MEDV_LOG_LEVEL: "debug", ...env },
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
