import { readConfig as readDiffusion, SETTINGS as DIFFUSION } from "@medv/diffusion/config";
import { readConfig as readGateway, SETTINGS as GATEWAY } from "@medv/gateway/config";
import { readConfig as readVision, SETTINGS as VISION } from "@medv/vision/config";
import { createApiKey, entryOf } from "@medv/gateway/auth/api_key";
import { HEALTH_PATHS } from "@medv/gateway/auth/require_caller";
import { DiffusionDecoder } from "@medv/proto/diffusion";
import { VisionEncoder } from "@medv/proto/vision";
import { expect, test } from "vitest";
import { OVERLAYS, readRendered } from "./manifest.ts";
import { workloadsOf } from "./policies/workload.ts";

const PROCESSES = [
  { name: "gateway", read: readGateway, settings: GATEWAY },
  { name: "vision", read: readVision, settings: VISION },
  { name: "diffusion", read: readDiffusion, settings: DIFFUSION },
];

/** Stands for what only the cluster's secrets have. */
const FROM_SECRETS: Readonly<Record<string, string>> = {
  MEDV_API_KEYS: entryOf("lab", createApiKey()),
  MEDV_SECRET: "s".repeat(32),
  MEDV_CACHE_URL: "rediss://medv:password@cache.example:6379",
  MEDV_CACHE_KEY: Buffer.alloc(32).toString("base64"),
};

const CASES = OVERLAYS.flatMap((overlay) => PROCESSES.map((each) => ({ overlay, ...each })));

test.each(CASES)(
  "the $name of $overlay gets settings that it has, with values that it takes",
  ({ overlay, name, read, settings }) => {
    const workload = workloadsOf(readRendered(overlay)).find(
      (each) => each.name === `medv-${name}`,
    );
    const env = new Map(
      (workload?.main?.env ?? []).map((each) => [
        each.name,
        each.value ?? FROM_SECRETS[each.name] ?? "",
      ]),
    );
    const known = Object.values(settings).map(({ variable }) => variable);
    const given = [...env.keys()].filter((variable) => /^(MEDV|OTEL)_/.test(variable));
    expect(given.length).toBeGreaterThan(2);
    expect(given.filter((variable) => !known.includes(variable))).toEqual([]);
    // The certificates are in secrets that only the cluster has.
    const here = [...env].filter(([variable]) => !variable.startsWith("MEDV_TLS_"));
    expect(() => read(Object.fromEntries(here))).not.toThrow();
  },
);

test.each(CASES)(
  "the $name of $overlay listens where its ports are, and is found where the others look",
  ({ overlay, name }) => {
    const workloads = workloadsOf(readRendered(overlay));
    const container = workloads.find((each) => each.name === `medv-${name}`)?.main;
    const env = new Map((container?.env ?? []).map((each) => [each.name, each.value]));
    const port =
      name === "gateway" ? env.get("MEDV_PORT") : env.get(ownAddress(name))?.split(":")[1];
    expect((container?.ports ?? []).map(({ containerPort }) => String(containerPort))).toContain(
      port,
    );
    const callers = workloads
      .filter((each) => each.name !== `medv-${name}`)
      .flatMap(({ main }) => main?.env ?? [])
      .filter((each) => each.name === ownAddress(name));
    for (const { value } of callers) expect(value).toBe(`medv-${name}:${port}`);
    expect(callers.length).toBe({ gateway: 0, vision: 2, diffusion: 1 }[name]);
  },
);

test.each(CASES)(
  "the probes of the $name of $overlay ask where it answers them",
  ({ overlay, name }) => {
    const container = workloadsOf(readRendered(overlay)).find(
      (each) => each.name === `medv-${name}`,
    )?.main;
    const env = new Map((container?.env ?? []).map((each) => [each.name, each.value]));
    const portOf = (named: string | number | undefined): string => {
      const port = container?.ports?.find((each) => each.name === named)?.containerPort;
      return String(port ?? named);
    };
    const asked = [
      container?.startupProbe,
      container?.livenessProbe,
      container?.readinessProbe,
    ].map((probe) =>
      probe?.grpc === undefined
        ? `http ${portOf(probe?.httpGet?.port)} ${probe?.httpGet?.path}`
        : `grpc ${probe.grpc.port} ${probe.grpc.service ?? ""}`,
    );
    const [live, ready] = HEALTH_PATHS;
    const http = `http ${env.get("MEDV_PORT")}`;
    const grpc = `grpc ${env.get("MEDV_HEALTH_ADDRESS")?.split(":")[1]}`;
    const model = `${grpc} ${name === "vision" ? VisionEncoder.typeName : DiffusionDecoder.typeName}`;
    // A service is started when its model is loaded, the gateway when it listens; the empty name is the process.
    expect(asked).toEqual(
      name === "gateway"
        ? [`${http} ${live}`, `${http} ${live}`, `${http} ${ready}`]
        : [model, `${grpc} `, model],
    );
  },
);

function ownAddress(name: string): string {
  return `MEDV_${name.toUpperCase()}_ADDRESS`;
}
