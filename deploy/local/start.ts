import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { buildPage } from "./build_page.ts";

/** The three processes, in the order in which they depend on each other, and the log event that says they are ready. */
const PROCESSES = [
  { name: "vision", entry: "services/vision/src/main.ts", ready: "service-ready" },
  { name: "diffusion", entry: "services/diffusion/src/main.ts", ready: "service-ready" },
  { name: "gateway", entry: "gateway/src/main.ts", ready: "listen" },
] as const;

const root = join(import.meta.dirname, "../..");
const children = new Map<string, ChildProcess>();
let stopping = false;
let stoppedAt = 0;

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop(0));

await buildPage(root);
await Promise.all(PROCESSES.map(startProcess));
const host = process.env["MEDV_HOST"] ?? "127.0.0.1";
const port = process.env["MEDV_PORT"] ?? "8080";
if (!stopping) {
  process.stdout.write(
    `\nLLaDA-MedV answers at http://${host}:${port} (research tool, not for clinical use)\n` +
      `Ask it:  npm run ask -- image.png "What does this image show?"\n` +
      `Ctrl-C stops all three processes.\n\n`,
  );
}

/** Starts one process and waits until it says that it is ready. */
async function startProcess(each: (typeof PROCESSES)[number]): Promise<void> {
  // A process group of its own: Ctrl-C reaches this process alone, which then stops the others in order.
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(root, each.entry)],
    {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    },
  );
  children.set(each.name, child);
  child.on("exit", (code) => {
    children.delete(each.name);
    if (!stopping) {
      process.stderr.write(`${each.name} ended with code ${code ?? "none"}; stopping the others\n`);
      stop(1);
    }
  });
  await new Promise<void>((resolve) => {
    child.on("exit", () => resolve());
    createInterface({ input: child.stdout }).on("line", (line) => {
      process.stdout.write(`${line}\n`);
      if (line.includes(`"${each.ready}"`)) resolve();
    });
  });
}

/** Asks every process to finish its work and end; the gateway first, so that nothing new comes in. */
function stop(code: number): void {
  if (stopping) {
    // npm forwards the terminal's Ctrl-C, which so arrives twice; a second one on purpose comes later.
    if (performance.now() - stoppedAt < 1000) return;
    for (const child of children.values()) child.kill("SIGKILL");
    return;
  }
  stopping = true;
  stoppedAt = performance.now();
  process.exitCode = code;
  for (const { name } of PROCESSES.toReversed()) children.get(name)?.kill("SIGTERM");
}
