import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Listening, listen } from "../listen.ts";
import { bearer } from "../testing/bearer.ts";
import { drawPng, startScriptedGateway } from "../testing/scripted_gateway.ts";
import { createJsonWebTokenReader } from "./json_web_token.ts";

const ISSUER = "https://login.example";
const AUDIENCE = "medv";

let ours: CryptoKeyPair;
let theirs: CryptoKeyPair;
let server: Listening;
let fetches = 0;

type CryptoKeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

beforeAll(async () => {
  [ours, theirs] = await Promise.all([generateKeyPair("ES256"), generateKeyPair("ES256")]);
  const jwk = { ...(await exportJWK(ours.publicKey)), kid: "one", alg: "ES256" };
  const answer = (): Response => {
    fetches += 1;
    return Response.json({ keys: [jwk] });
  };
  server = await listen(answer, { host: "127.0.0.1", port: 0 });
});
afterAll(() => server.drain());

function reader(port = server.port) {
  const jwksUrl = new URL(`http://127.0.0.1:${port}/jwks.json`);
  return createJsonWebTokenReader({
    jwksUrl,
    issuer: ISSUER,
    audience: AUDIENCE,
    tenantClaim: "org",
  });
}

const CLAIMS = { iss: ISSUER, aud: AUDIENCE, org: "clinic-a" };

function sign(claims: JWTPayload, { key = ours.privateKey, exp = "5 minutes" } = {}) {
  const token = new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "one" });
  return token.setIssuedAt().setExpirationTime(exp).sign(key);
}

test("createJsonWebTokenReader() gives the tenant, and fetches the keys once", async () => {
  const read = reader();
  const token = await sign(CLAIMS);
  const before = fetches;
  expect(await Promise.all([read(token), read(token)])).toEqual(["clinic-a", "clinic-a"]);
  expect(await read(token)).toBe("clinic-a");
  expect(fetches).toBe(before + 1);
});

test.each([
  { what: "another issuer", claims: { iss: "https://evil.example" } },
  { what: "another audience", claims: { aud: "mail" } },
  { what: "no tenant", claims: { org: undefined } },
  { what: "a tenant with a line end", claims: { org: "clinic\na" } },
  { what: "a tenant that is no text", claims: { org: ["clinic-a"] } },
  { what: "a time that has not come", claims: { nbf: Date.now() / 1000 + 3600 } },
])("createJsonWebTokenReader() refuses $what", async ({ claims }) => {
  const token = await sign({ ...CLAIMS, ...claims });
  await expect(reader()(token)).rejects.toMatchObject({ code: "invalid_api_key" });
});

test("createJsonWebTokenReader() refuses a foreign signature, none, and one made with the public key", async () => {
  const token = await sign(CLAIMS, { key: theirs.privateKey });
  const [, claims = ""] = (await sign(CLAIMS)).split(".");
  const none = Buffer.from('{"alg":"none"}').toString("base64url");
  const confused = await new SignJWT(CLAIMS)
    .setProtectedHeader({ alg: "HS256", kid: "one" })
    .setExpirationTime("5 minutes")
    .sign(Buffer.from(await exportSPKI(ours.publicKey)));
  for (const forged of [token, `${none}.${claims}.`, confused, "a.b.c"]) {
    await expect(reader()(forged)).rejects.toMatchObject({ code: "invalid_api_key" });
  }
});

test("createJsonWebTokenReader() tells a token that is over from one that never held", async () => {
  const token = await sign(CLAIMS, { exp: "-1 minute" });
  await expect(reader()(token)).rejects.toMatchObject({ code: "expired_token" });
  const endless = await new SignJWT(CLAIMS)
    .setProtectedHeader({ alg: "ES256", kid: "one" })
    .sign(ours.privateKey);
  await expect(reader()(endless)).rejects.toMatchObject({ code: "invalid_api_key" });
});

test("createJsonWebTokenReader() does not blame the caller when the issuer's keys cannot be had", async () => {
  const token = await sign(CLAIMS);
  const closed = await listen(() => new Response("no", { status: 500 }), {
    host: "127.0.0.1",
    port: 0,
  });
  await expect(reader(closed.port)(token)).rejects.toMatchObject({ code: "unavailable" });
  await closed.drain();
  await expect(reader(closed.port)(token)).rejects.toMatchObject({ code: "unavailable" });
});

test("a gateway takes JSON Web Tokens, and an image is its tenant's alone", async () => {
  const gateway = await startScriptedGateway({ access: { readJsonWebToken: reader() } });
  const [a, b] = [await sign(CLAIMS), await sign({ ...CLAIMS, org: "clinic-b" })];
  const ask = async (path: string, token: string, init: RequestInit = {}): Promise<Response> =>
    await gateway.app.request(path, { ...init, headers: bearer(token) });
  const image = { method: "POST", body: await drawPng(1) };
  const uploaded = await ask("/v1/images", a, image);
  expect(uploaded.status).toBe(201);
  const { id } = (await uploaded.json()) as { id: string };
  expect((await ask(`/v1/images/${id}`, a)).status).toBe(200);
  expect((await ask(`/v1/images/${id}`, b)).status).toBe(404);
  const late = await ask("/v1/images", await sign(CLAIMS, { exp: "-1 minute" }), image);
  expect(late.status).toBe(401);
  expect(await late.json()).toMatchObject({ code: "expired_token" });
  const foreign = await ask("/v1/images", await sign(CLAIMS, { key: theirs.privateKey }), image);
  expect(await foreign.json()).toMatchObject({ code: "invalid_api_key" });
  const tenants = gateway.seen.logs.map(({ fields }) => (fields as { tenant?: string }).tenant);
  expect(tenants).toEqual(["clinic-a", "clinic-a", "clinic-b", undefined, undefined]);
  await gateway.stop();
});
