import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readConfig as readDiffusion, SETTINGS as DIFFUSION } from "@medv/diffusion/config";
import { createApiKey, entryOf } from "@medv/gateway/auth/api_key";
import { readConfig as readGateway, SETTINGS as GATEWAY } from "@medv/gateway/config";
import { freePort } from "@medv/runtime/free_port";
import { until } from "@medv/runtime/testing/until";
import { readConfig as readVision, SETTINGS as VISION } from "@medv/vision/config";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseDockerfile, stagesOf } from "./images/dockerfile_problems.ts";

const ROOT = join(import.meta.dirname, "..");
const FILE = join(import.meta.dirname, "compose.yaml");
const key = createApiKey();
const variables = { NODE_IMAGE: "node@sha256:0", MEDV_API_KEYS: entryOf("laptop", key) };

type Service = {
  readonly read_only?: boolean;
  readonly tmpfs?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly mem_limit?: string;
  readonly build: { readonly dockerfile: string; readonly target: string };
  readonly environment: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly networks: readonly string[];
};

const text = Object.entries(variables).reduce(
  (given, [name, value]) => given.replaceAll(new RegExp(`\\$\\{${name}:\\?[^}]+\\}`, "g"), value),
  readFileSync(FILE, "utf8"),
);
// The file's form is what the tests below say.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const { services } = parse(text, { merge: true }) as { services: Record<string, Service> };

const PROCESSES = [
  { name: "gateway", read: readGateway, settings: GATEWAY },
  { name: "vision", read: readVision, settings: VISION },
  { name: "diffusion", read: readDiffusion, settings: DIFFUSION },
];

test("the file has the three processes and nothing else", () => {
  expect(Object.keys(services).toSorted()).toEqual(PROCESSES.map(({ name }) => name).toSorted());
});

test.each(PROCESSES)(
  "$name gets settings that it has, with values that it takes",
  ({ name, read, settings }) => {
    const environment = services[name]?.environment ?? {};
    const known = Object.values(settings).map(({ variable }) => variable);
    const given = Object.keys(environment).filter((variable) => variable.startsWith("MEDV_"));
    expect(given.filter((variable) => !known.includes(variable))).toEqual([]);
    expect(() => read(environment)).not.toThrow();
  },
);

test.each(PROCESSES)(
  "$name may write nowhere but /tmp, gain nothing, and take no more memory than it is given",
  ({ name }) => {
    const service = services[name];
    expect(service).toMatchObject({
      read_only: true,
      tmpfs: ["/tmp"],
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
    });
    expect(service?.mem_limit).toMatch(/^\d+[mg]$/);
  },
);

test.each(PROCESSES)("$name is built from a stage that its Dockerfile has", ({ name }) => {
  const { dockerfile = "", target = "" } = services[name]?.build ?? {};
  const stages = stagesOf(parseDockerfile(readFileSync(join(ROOT, dockerfile), "utf8")));
  expect([...stages.keys()]).toContain(target);
});

test("only the gateway can be reached from outside, and only from this machine", () => {
  const { gateway, ...others } = services;
  expect(gateway?.ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:/)]);
  expect(Object.values(others).flatMap(({ ports = [] }) => ports)).toEqual([]);
  expect(Object.values(others).map(({ networks }) => networks)).toEqual([["inside"], ["inside"]]);
});

function works(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore", timeout: 20_000 }).status === 0;
}

/** The first command that composes here and whose engine works. */
const compose = [["docker", "compose"], ["podman-compose"]].find(([name = "", ...words]) => {
  const engine = name === "docker" ? "docker" : "podman";
  return works(engine, "images") && works(name, ...words, "version");
});
// An image with Node 24 and npm that the engine has: nothing is pulled for a test.
const base = process.env["MEDV_TEST_NODE_IMAGE"];

test(
  "what it starts answers a question about an image to who has a key, and to nobody else",
  { timeout: 900_000 },
  async ({ skip }) => {
    if (compose === undefined) {
      skip("docker compose or podman-compose, with an engine that works, must be here");
      return;
    }
    if (base === undefined) {
      skip("MEDV_TEST_NODE_IMAGE names no local image with Node and npm to build on");
      return;
    }
    const port = await freePort();
    const env = { ...process.env, ...variables, NODE_IMAGE: base, MEDV_PORT: String(port) };
    const [name = "", ...words] = compose;
    const run = (...args: string[]): void => {
      const { status, stdout, stderr } = spawnSync(name, [...words, "--file", FILE, ...args], {
        env,
        encoding: "utf8",
      });
      expect({ status, said: stdout + stderr }).toMatchObject({ status: 0 });
    };
    const url = `http://127.0.0.1:${port}`;
    try {
      run("up", "--detach", "--build");
      await until("the gateway is ready", async () => {
        const response = await fetch(`${url}/readyz`).catch(() => undefined);
        return response?.ok === true;
      });
      const image = readFileSync(join(ROOT, "gateway/web/samples/chest_xray.png"), "base64");
      const ask = (headers: Readonly<Record<string, string>>): Promise<Response> =>
        fetch(`${url}/v1/chat/completions`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify({
            model: "llada-medv-phantom",
            max_tokens: 32,
            messages: [
              {
                role: "user",
                content: [
                  { type: "image_url", image_url: { url: `data:image/png;base64,${image}` } },
                  { type: "text", text: "What does this image show?" },
                ],
              },
            ],
          }),
        });
      const { status } = await ask({});
      expect(status).toBe(401);
      const answered = await ask({ authorization: `Bearer ${key}` });
      expect(answered.status).toBe(200);
      expect(await answered.text()).toMatch(/chest X-ray/i);
    } finally {
      run("down");
    }
  },
);
