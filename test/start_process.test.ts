import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePort } from "@medv/runtime/free_port";
import { until } from "@medv/runtime/testing/until";
import { expect, test } from "vitest";
import { GATEWAY_RUNTIMES } from "./gateway_runtimes.ts";

test.for(GATEWAY_RUNTIMES)(
  "startProcess() starts what ends with the process that called it, even if that is killed, on $label",
  async ({ runtime, isMissing }, { skip }) => {
    skip(isMissing);
    const port = await freePort();
    const caller = spawn(
      process.execPath,
      [join(import.meta.dirname, "start_and_stay.ts"), String(port), runtime],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await once(caller.stdout, "data");
    const lives = (): Promise<boolean> =>
      fetch(`http://127.0.0.1:${port}/healthz`, { headers: { connection: "close" } }).then(
        ({ ok }) => ok,
        () => false,
      );
    expect(await lives()).toBe(true);
    caller.kill("SIGKILL");
    await until("the gateway is gone", async () => !(await lives()));
  },
);
