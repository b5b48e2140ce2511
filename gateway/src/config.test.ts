import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createApiKey, entryOf, hashOf } from "./auth/api_key.ts";
import { readConfig } from "./config.ts";

test("readConfig() has a default for everything", () => {
  expect(readConfig({})).toMatchObject({
    host: "127.0.0.1",
    port: 8080,
    visionAddress: "127.0.0.1:50051",
    diffusionAddress: "127.0.0.1:50052",
    maxImageBytes: 20 << 20,
    imageTtlMs: 3_600_000,
  });
});

test.each([
  { name: "MEDV_PORT", value: "99999" },
  { name: "MEDV_PORT", value: "http" },
  { name: "MEDV_VISION_ADDRESS", value: "nowhere" },
  { name: "MEDV_DIFFUSION_ADDRESS", value: "a:1,b:2" },
  { name: "MEDV_DIFFUSION_ADDRESS", value: "10.0.0.1:50052,10.0.0.2" },
  { name: "MEDV_CORS_ORIGINS", value: "*" },
  { name: "MEDV_CORS_ORIGINS", value: "app.example.org" },
  { name: "MEDV_CORS_ORIGINS", value: "https://app.example.org/" },
  { name: "MEDV_CORS_ORIGINS", value: "https://app.example.org,file://a" },
  { name: "MEDV_IMAGE_URL_HOSTS", value: "*" },
  { name: "MEDV_IMAGE_URL_HOSTS", value: "https://images.example.org" },
  { name: "MEDV_IMAGE_URL_HOSTS", value: "images.example.org,localhost" },
  { name: "MEDV_IMAGE_URL_HOSTS", value: "images.example.org:443" },
  { name: "MEDV_IMAGE_URL_HOSTS", value: "0x7f.1" },
  { name: "MEDV_IMAGE_CACHE_BYTES", value: "1000" },
  { name: "MEDV_DECODER_MEMORY_BYTES", value: "2GB" },
  { name: "MEDV_DECODER_MEMORY_BYTES", value: "1000000" },
  { name: "MEDV_DECODER_TIMEOUT_SECONDS", value: "0" },
  { name: "MEDV_LOG_LEVEL", value: "loud" },
  { name: "MEDV_API_KEYS", value: "lab:abc" },
  { name: "MEDV_API_KEYS_FILE", value: "/nowhere/keys" },
  { name: "MEDV_SECRET", value: "short" },
])("readConfig() refuses $name=$value by name", ({ name, value }) => {
  expect(() => readConfig({ [name]: value })).toThrow(`Cannot read ${name} as`);
});

test.each(["0.0.0.0", "::", "10.1.2.3", "gateway.example", "127.0.0.1.example"])(
  "readConfig() listens on %s only when callers can be told apart, and says what to set",
  (host) => {
    expect(() => readConfig({ MEDV_HOST: host })).toThrow(
      /^Cannot read MEDV_HOST as it must be a loopback address .*set MEDV_API_KEYS/,
    );
    const keys = entryOf("lab", createApiKey());
    expect(readConfig({ MEDV_HOST: host, MEDV_API_KEYS: keys }).host).toBe(host);
  },
);

test.each(["127.0.0.1", "127.9.9.9", "::1", "localhost"])(
  "readConfig() listens on %s without a key",
  (host) => {
    expect(readConfig({ MEDV_HOST: host })).toMatchObject({ host, access: { apiKeys: undefined } });
  },
);

test("readConfig() reads API keys from a file, and not from two places", () => {
  const folder = mkdtempSync(join(tmpdir(), "keys-"));
  const file = join(folder, "keys");
  const [first, second] = [createApiKey(), createApiKey()];
  writeFileSync(file, `# of the wards\n${entryOf("a", first)}\n${entryOf("b", second)} # new\n`);
  const env = { MEDV_HOST: "0.0.0.0", MEDV_API_KEYS_FILE: file };
  expect(readConfig(env).access.apiKeys).toEqual(
    new Map([
      [hashOf(first), "a"],
      [hashOf(second), "b"],
    ]),
  );
  expect(() => readConfig({ ...env, MEDV_API_KEYS: entryOf("c", createApiKey()) })).toThrow(
    "Cannot read MEDV_API_KEYS as MEDV_API_KEYS_FILE is set too",
  );
  writeFileSync(file, `${entryOf("a", first)}\nb:${second}\n`);
  expect(() => readConfig(env)).toThrow("Cannot read MEDV_API_KEYS_FILE as entry 2 must be");
  expect(() => readConfig(env)).not.toThrow(second);
  rmSync(folder, { recursive: true });
});

test("readConfig() never quotes a key or the secret", () => {
  const key = createApiKey();
  expect(() => readConfig({ MEDV_API_KEYS: key })).not.toThrow(key);
  const secret = "hunter2hunter2";
  expect(() => readConfig({ MEDV_SECRET: secret })).toThrow("current value has 14");
  expect(() => readConfig({ MEDV_SECRET: secret })).not.toThrow(secret);
});

const JWT = {
  MEDV_JWKS_URL: "https://login.example/jwks.json",
  MEDV_JWT_ISSUER: "https://login.example",
  MEDV_JWT_AUDIENCE: "medv",
};

test("readConfig() takes JSON Web Tokens as a way to tell callers apart", () => {
  const { access } = readConfig({ MEDV_HOST: "0.0.0.0", ...JWT });
  expect(access.jsonWebTokens).toMatchObject({ audience: "medv", tenantClaim: "tenant" });
});

test.each([
  { ...JWT, MEDV_JWT_AUDIENCE: "" },
  { ...JWT, MEDV_JWKS_URL: "" },
  { ...JWT, MEDV_JWKS_URL: "http://login.example/jwks.json" },
  { ...JWT, MEDV_JWKS_URL: "file:///etc/jwks.json" },
])(
  "readConfig() refuses half of the settings for tokens, and keys that anybody may change",
  (env) => {
    expect(() => readConfig(env)).toThrow(/^Cannot read MEDV_(JWKS_URL|JWT_AUDIENCE) as/);
  },
);
