import { createApiKey, entryOf } from "@medv/gateway/auth/api_key";
import { freePort } from "@medv/runtime/free_port";
import { expect, test } from "vitest";
import { ended, startProcess } from "./start_process.ts";

test.each([
  {
    what: "no key is set",
    keys: "",
    warning: { msg: "open-to-all", host: "127.0.0.1", hint: /only this machine.*MEDV_API_KEYS/ },
    status: 404,
  },
  {
    what: "one is",
    keys: entryOf("lab", createApiKey()),
    warning: { msg: "secret-random", hint: /MEDV_SECRET/ },
    status: 401,
  },
])("a gateway says whom it lets in where $what", async ({ keys, warning, status }) => {
  const port = await freePort();
  const lines: string[] = [];
  const settings = { MEDV_PORT: String(port), MEDV_API_KEYS: keys };
  const child = await startProcess("gateway", settings, lines);
  const about = lines.filter((line) => /"(?:open-to-all|secret-random)"/.test(line));
  expect(about.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({
      ...warning,
      level: "warn",
      hint: expect.stringMatching(warning.hint),
    }),
  ]);
  expect((await fetch(`http://127.0.0.1:${port}/v1/images/img_1`)).status).toBe(status);
  child.kill("SIGTERM");
  expect(await ended(child)).toBe(0);
});
