import { DOMAIN_CODES, type DomainCode, DomainError } from "@medv/proto";
import { afterAll, beforeEach, expect, test } from "vitest";
import { ClientTokens } from "../auth/client_tokens.ts";
import { askAbout } from "../testing/ask_about.ts";
import { bearer } from "../testing/bearer.ts";
import {
  answerHello,
  dataUrl,
  drawPng,
  MAX_IMAGE_BYTES,
  SECRET,
  startScriptedGateway,
} from "../testing/scripted_gateway.ts";
import { twoTenants } from "../testing/two_tenants.ts";
import { openAiErrorSchema, problemSchema } from "../problem_body.ts";
import { documentOf } from "./document.ts";

const REQUESTS_PER_MINUTE = 500;
const {
  key: { a: key, b: floodingKey },
  apiKeys,
} = twoTenants();
const gateway = await startScriptedGateway({
  access: {
    apiKeys,
    readJsonWebToken: (token) => {
      if (token !== "a.b.unavailable") throw new Error("unforeseen");
      throw new DomainError("unavailable", "Cannot check the token as its issuer is away");
    },
  },
  limits: { requestsPerMinute: REQUESTS_PER_MINUTE, decoderMsPerMinute: undefined },
});
/** Where every image takes too long. */
const hasty = await startScriptedGateway({ decoderTimeoutMs: 1, decoderQueueBytes: 1 });
const clientTokens = new ClientTokens(SECRET);
afterAll(() => Promise.all([gateway.stop(), hasty.stop()]));
beforeEach(() => {
  gateway.seen.script = answerHello;
  gateway.seen.isReady = true;
});

type Sent = {
  readonly body?: RequestInit["body"];
  readonly token?: string;
  readonly path?: string;
  readonly name?: string;
};
type Listed = {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly type: string;
  readonly code: DomainCode;
};
/** Sends the operation's request, changed. */
type Send = (sent?: Sent, app?: typeof gateway.app) => Promise<Response>;
type Produce = (send: Send, listed: Listed) => Promise<Response>;

/** What ends every operation in the same way. */
const COMMON: Partial<Record<DomainCode, Produce>> = {
  invalid_request: (send, { path }) => send({ path: `${path}?unknown=1` }),
  invalid_api_key: (send) => send({ token: "medv_wrong" }),
  expired_token: async (send) => send({ token: await clientToken({ minutes: -1 }) }),
  rate_limit_exceeded: async (send) => {
    const init = { headers: bearer(floodingKey), method: "DELETE" };
    for (let taken = 0; taken < REQUESTS_PER_MINUTE; taken++) {
      const response = await gateway.app.request("/v1/answers/none", init);
      if (response.status === 429) break;
    }
    return await send({ token: floodingKey });
  },
  unavailable: (send) => send({ token: "a.b.unavailable" }),
  internal: (send) => send({ token: "a.b.internal" }),
};

const user = (content: unknown) => [{ role: "user", content }];
const about = (url: string) => user([{ type: "image_url", image_url: { url } }]);
const question = (changes: object = {}) => JSON.stringify(askAbout([], { ...changes }));

/** An error that the decoder tells. */
const fromDecoder: Produce = (send, { code }) => {
  gateway.seen.script = async function* () {
    yield* [];
    throw new DomainError(code, "Cannot answer as a test says so");
  };
  return send({ body: question() });
};

/** What may be wrong with a file, by the bytes. */
const FILES: Partial<Record<DomainCode, () => Promise<Uint8Array<ArrayBuffer>>>> = {
  unsupported_image: () => Promise.resolve(new TextEncoder().encode("BM-not-taken")),
  damaged_image: async () => (await drawPng(90, 64)).slice(0, 60),
  image_too_large: () => drawPng(91, 3000),
};

/** Two requests under one Idempotency-Key. */
async function twice(send: Send, first: Sent["body"], second: Sent["body"]): Promise<Response> {
  const name = crypto.randomUUID();
  await (await send({ name, body: first ?? null })).text();
  return await send({ name, body: second ?? null });
}

const ASK: Partial<Record<DomainCode, Produce>> = {
  idempotency_key_reused: (send) => twice(send, question(), question({ seed: 1 })),
  unsupported_field: (send) => send({ body: question({ messages: about("https://x.org/a.png") }) }),
  invalid_setting: (send) => send({ body: question({ max_tokens: 8, max_completion_tokens: 9 }) }),
  invalid_messages: (send) => send({ body: question({ messages: [] }) }),
  context_too_long: fromDecoder,
  forbidden: async (send) =>
    send({ token: await clientToken({ model: "other" }), body: question() }),
  unknown_model: (send) => send({ body: question({ model: "gpt" }) }),
  unknown_image: (send) => send({ body: question({ messages: about("medv-image:none") }) }),
  body_too_large: (send) => send({ body: " ".repeat(2 << 20) }),
  undecodable_image: async (send) =>
    send({ body: question({ messages: about(dataUrl(await drawPng(92))) }) }, hasty.app),
  overloaded: fromDecoder,
  embedding_mismatch: fromDecoder,
  embedding_not_found: fromDecoder,
  deadline_exceeded: fromDecoder,
  ...Object.fromEntries(
    Object.entries(FILES).map(([code, file]) => [
      code,
      async (send: Send) => send({ body: question({ messages: about(dataUrl(await file())) }) }),
    ]),
  ),
};

/** What ends an operation in its own way. */
const OWN: Readonly<Record<string, Partial<Record<DomainCode, Produce>>>> = {
  createAnswer: ASK,
  createChatCompletion: ASK,
  followAnswer: { not_found: (send) => send() },
  stopAnswer: { not_found: (send) => send() },
  uploadImage: {
    idempotency_key_reused: async (send) => twice(send, await drawPng(96), await drawPng(97)),
    unknown_image: (send) => send({ path: "/v1/images?from=none" }),
    forbidden: async (send) =>
      send({ token: await clientToken({ images: 0 }), body: await drawPng(93) }),
    body_too_large: (send) => send({ body: "x".repeat(MAX_IMAGE_BYTES + 1) }),
    undecodable_image: async (send) => send({ body: await drawPng(94) }, hasty.app),
    overloaded: async (send) => {
      const sent = [98, 99, 100, 101, 102].map(async (red) => {
        return await send({ body: await drawPng(red) }, hasty.app);
      });
      const responses = await Promise.all(sent);
      return responses.find(({ status }) => status === 429) ?? Response.json({});
    },
    ...Object.fromEntries(
      Object.entries(FILES).map(([code, file]) => [
        code,
        async (send: Send) => send({ body: await file() }),
      ]),
    ),
  },
  describeImage: { unknown_image: (send) => send() },
  showTile: {
    unknown_image: (send) => send(),
    not_found: async (send) => {
      const upload = await request({ body: await drawPng(95) }, "POST", "/v1/images");
      const { id } = (await upload.json()) as { id: string };
      return await send({ path: `/v1/images/${id}/tiles/9` });
    },
  },
  deleteImage: { unknown_image: (send) => send() },
  createClientToken: {
    forbidden: async (send) => send({ token: await clientToken(), body: grant() }),
    unknown_model: (send) => send({ body: grant({ model: "gpt" }) }),
    body_too_large: (send) => send({ body: " ".repeat(5000) }),
  },
  describeModel: { unknown_model: (send) => send() },
  isReady: {
    unavailable: (send) => {
      gateway.seen.isReady = false;
      return send();
    },
  },
};

const listed = everyError();

test.each(listed)("$operation ends with $status $code as the document says", async (error) => {
  const { operation, method, path, status, type, code } = error;
  const produce = OWN[operation]?.[code] ?? COMMON[code];
  if (produce === undefined) throw new Error(`no case produces ${code} of ${operation}`);
  const send: Send = (sent = {}, app = gateway.app) =>
    request({ path, ...sent }, method, path, app);
  const response = await produce(send, error);
  const body: unknown = await response.json();
  const isOpenAi = type === "application/json";
  const told = isOpenAi ? openAiErrorSchema.parse(body).error : problemSchema.parse(body);
  expect({ status: response.status, code: told.code }).toEqual({ status, code });
  expect(response.headers.get("content-type")).toBe(type);
  expect(response.headers.has("retry-after")).toBe(status === 429 || status === 503);
});

test("every case stands in the document, and every code but that of who is gone", () => {
  const shown = new Set(listed.map(({ operation, code }) => `${operation} ${code}`));
  const cases = Object.entries(OWN).flatMap(([operation, codes]) =>
    Object.keys(codes).map((code) => `${operation} ${code}`),
  );
  expect(cases.filter((each) => !shown.has(each))).toEqual([]);
  const codes = new Set(listed.map(({ code }) => code));
  expect(DOMAIN_CODES.filter((code) => !codes.has(code))).toEqual(["cancelled"]);
});

function request(
  { body = null, token = key, path: changed, name }: Sent,
  method: string,
  path: string,
  app = gateway.app,
) {
  const headers = new Headers(bearer(token));
  if (name !== undefined) headers.set("idempotency-key", name);
  return Promise.resolve(app.request(changed ?? path, { method, headers, body }));
}

async function clientToken(changes: object = {}): Promise<string> {
  const allowed = { tenant: "a", model: "phantom", images: 1, minutes: 5, ...changes };
  return (await clientTokens.issue(allowed)).token;
}

function grant(changes: object = {}): string {
  return JSON.stringify({ model: "phantom", images: 1, minutes: 1, ...changes });
}

/** Every error of every operation, as the document lists them. */
function everyError(): Listed[] {
  const { paths = {} } = documentOf(gateway.app);
  return Object.entries(paths).flatMap(([path, item]) =>
    (["get", "post", "delete"] as const).flatMap((method) => {
      const { operationId: operation = "", responses = {} } = item[method] ?? {};
      return Object.entries(responses).flatMap(([status, response]) => {
        if (Number(status) < 400) return [];
        const [[type, content] = []] = Object.entries((response as { content: object }).content);
        const codes = JSON.stringify(content).match(/"enum":(\[[^\]]*\])/)?.[1] ?? "[]";
        return (JSON.parse(codes) as DomainCode[]).map((code) => ({
          operation,
          method: method.toUpperCase(),
          path: path.replaceAll(/\{\w+\}/g, "1"),
          status: Number(status),
          type: type ?? "",
          code,
        }));
      });
    }),
  );
}
