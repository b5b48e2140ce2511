import { X509Certificate } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:tls";
import { createClient, credentialsOf, type TlsFiles } from "@medv/proto/grpc";
import { VisionEncoder } from "@medv/proto/vision";
import { credentials } from "@grpc/grpc-js";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Environment } from "./environment.ts";
import { createLogger } from "./logger.ts";
import { type RunningService, startService } from "./service.ts";
import { readSettings } from "./setting.ts";
import { type Authority, createAuthority, issue } from "./testing/certificates.ts";
import { healthClient } from "./testing/check_health.ts";
import { until } from "./testing/until.ts";
import { TLS_SETTINGS, tlsFiles } from "./tls_setting.ts";

const NAME = VisionEncoder.typeName;
const cleanUp: (() => unknown)[] = [];
let ours: Authority;
let theirs: Authority;

beforeAll(async () => {
  ours = await createAuthority("ours");
  theirs = await createAuthority("theirs");
});

afterEach(async () => {
  await Promise.all(cleanUp.splice(0).map((step) => step()));
});

describe("mutual TLS between two processes", () => {
  test("both ends that one authority signed for understand each other", async () => {
    const service = await serve(await issue(ours, ours));
    await expect(call(service, await issue(ours, ours))).resolves.toMatchObject({ cached: true });
  });

  test.each([
    { who: "the service's certificate is of another authority", server: { by: "theirs" } },
    { who: "the caller's certificate is of another authority", client: { by: "theirs" } },
    { who: "the service's certificate has ended", server: { days: -1 } },
    { who: "the caller's certificate has ended", client: { days: -1 } },
    { who: "the service's certificate is of another host", server: { host: "elsewhere.test" } },
  ] as {
    who: string;
    server?: { by?: string; days?: number; host?: string };
    client?: { by?: string; days?: number };
  }[])("a call is refused when $who", async ({ server = {}, client = {} }) => {
    const signer = (by?: string): Authority => (by === "theirs" ? theirs : ours);
    const service = await serve(await issue(signer(server.by), ours, server));
    const files = await issue(signer(client.by), ours, client);
    await expect(call(service, files)).rejects.toMatchObject({ code: "unavailable" });
  });

  test("a caller without a certificate is refused, and one without TLS too", async () => {
    const service = await serve(await issue(ours, ours));
    const ca = Buffer.from(ours.certificate.toString("pem"));
    for (const none of [credentials.createSsl(ca), credentials.createInsecure()]) {
      const client = createClient(VisionEncoder, `127.0.0.1:${service.port}`, {
        credentials: none,
      });
      cleanUp.push(() => client.close());
      await expect(client.encode({}, deadline())).rejects.toMatchObject({ code: "unavailable" });
    }
  });

  test("a renewed certificate is shown without a restart", async () => {
    const files = await issue(ours, ours);
    const service = await serve(files, 20);
    await call(service, files);
    const before = await shownCertificate(service.port, files);
    await issue(ours, ours, { into: files });
    const renewed = readFileSync(files.certificate, "utf8");
    await until(
      "another certificate is shown",
      async () => (await shownCertificate(service.port, files)) !== before,
    );
    expect(await shownCertificate(service.port, files)).toBe(fingerprintOf(renewed));
    await expect(call(service, files)).resolves.toMatchObject({ cached: true });
  });

  test("the second place answers health checks in plain text and nothing else", async () => {
    const service = await serve(await issue(ours, ours));
    const health = healthClient(service.healthPort ?? 0);
    const client = createClient(VisionEncoder, `127.0.0.1:${service.healthPort}`);
    cleanUp.push(
      () => health.close(),
      () => client.close(),
    );
    expect([await health.check(""), await health.check(NAME)]).toEqual([1, 1]);
    await expect(client.encode({}, deadline())).rejects.toMatchObject({ code: "internal" });
    const draining = service.drain();
    await draining;
    await expect(health.check("")).rejects.toMatchObject({ code: 14 });
  });
});

describe("tlsFiles()", () => {
  test("is undefined without variables, and the paths with all three", async () => {
    const files = await issue(ours, ours);
    expect(read({})).toBeUndefined();
    expect(read(environmentOf(files))).toEqual(files);
  });

  test.each(["MEDV_TLS_CERTIFICATE", "MEDV_TLS_KEY", "MEDV_TLS_CA"])(
    "asks for %s where the other two are set",
    async (name) => {
      const env = environmentOf(await issue(ours, ours));
      expect(() => read({ ...env, [name]: undefined })).toThrow(
        `Cannot read ${name} as MEDV_TLS_CERTIFICATE, MEDV_TLS_KEY and MEDV_TLS_CA must be set together`,
      );
    },
  );

  test("names the variable whose file is missing, is no PEM, or does not fit", async () => {
    const files = await issue(ours, ours);
    const env = environmentOf(files);
    const other = await issue(ours, ours);
    expect(() => read({ ...env, MEDV_TLS_KEY: other.key })).toThrow(
      `Cannot read MEDV_TLS_KEY as it must be the key of MEDV_TLS_CERTIFICATE ("${files.certificate}"): current value is "${other.key}"`,
    );
    writeFileSync(other.ca, "no certificate");
    expect(() => read({ ...env, MEDV_TLS_CA: other.ca })).toThrow(
      "Cannot read MEDV_TLS_CA as it must be a PEM certificate",
    );
    rmSync(files.certificate);
    expect(() => read(env)).toThrow(
      "Cannot read MEDV_TLS_CERTIFICATE as it must be a file that can be read",
    );
  });

  test("refuses a certificate that has ended", async () => {
    const env = environmentOf(await issue(ours, ours, { days: -1 }));
    expect(() => read(env)).toThrow(
      /^Cannot read MEDV_TLS_CERTIFICATE as it must be valid now, but ended on/,
    );
  });
});

async function serve(
  files: TlsFiles,
  refreshMs?: number,
): Promise<RunningService<typeof VisionEncoder.method>> {
  const service = await startService(VisionEncoder, {
    address: "127.0.0.1:0",
    addressVariable: "MEDV_VISION_ADDRESS",
    credentials: credentialsOf(files, refreshMs).server,
    healthAddress: "127.0.0.1:0",
    logger: createLogger({ service: "test", level: "silent" }),
  });
  cleanUp.push(() => service.drain());
  service.open({
    encode: async () => ({ cached: true }),
    deleteEmbedding: async () => ({}),
    async *readEmbedding() {
      yield { chunk: new Uint8Array(1) };
    },
  });
  return service;
}

async function call(service: { readonly port: number }, files: TlsFiles): Promise<unknown> {
  const client = createClient(VisionEncoder, `127.0.0.1:${service.port}`, {
    credentials: credentialsOf(files).channel,
  });
  try {
    return await client.encode({}, deadline());
  } finally {
    client.close();
  }
}

/** A call that could never connect would otherwise end the test's time, not the test. */
function deadline(): { signal: AbortSignal; deadline: Date } {
  return { signal: new AbortController().signal, deadline: new Date(Date.now() + 30_000) };
}

function shownCertificate(port: number, files: TlsFiles): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      {
        port,
        host: "127.0.0.1",
        ca: readFileSync(files.ca),
        key: readFileSync(files.key),
        cert: readFileSync(files.certificate),
        ALPNProtocols: ["h2"],
      },
      () => {
        const { fingerprint256 } = socket.getPeerCertificate();
        socket.destroy();
        resolve(fingerprint256);
      },
    );
    socket.on("error", reject);
  });
}

function fingerprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256;
}

function environmentOf(files: TlsFiles): Environment {
  return {
    MEDV_TLS_CERTIFICATE: files.certificate,
    MEDV_TLS_KEY: files.key,
    MEDV_TLS_CA: files.ca,
  };
}

function read(env: Environment): TlsFiles | undefined {
  return tlsFiles(readSettings(TLS_SETTINGS, env));
}
