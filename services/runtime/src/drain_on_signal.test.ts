import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test.each([
  { what: "ends a process", isStopped: false, code: 1, level: "fatal" },
  {
    what: "is no more than said in one that is stopped anyhow",
    isStopped: true,
    code: 0,
    level: "warn",
  },
])("onStartError(): what does not open $what", async ({ isStopped, code, level }) => {
  const file = fileURLToPath(new URL("./testing/failing_start.ts", import.meta.url));
  const child = spawn(process.execPath, [file], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const errors: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as { msg: string; level: string };
    if (event.msg === "opening" && isStopped) child.kill("SIGTERM");
    if (event.msg === (isStopped ? "stopping" : "opening")) child.stdin.end();
    if (event.msg === "start-error") errors.push(event.level);
  }
  expect(await exited).toEqual([code, null]);
  expect(errors).toEqual([level]);
});
