import type { LookupAddress } from "node:dns";
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { createServer, type Server, type ServerOptions } from "node:https";
import type { RequestListener } from "node:http";
import { createServer as createTcpServer, isIP } from "node:net";
import { connect } from "node:tls";
import { createAuthority, issue } from "@medv/runtime/testing/certificates";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askAbout } from "../testing/ask_about.ts";
import { LISTED_HOST as HOST, REFUSED_URLS } from "../testing/refused_urls.ts";
import { dataUrl, drawPng, startScriptedGateway } from "../testing/scripted_gateway.ts";
import { createFetchImage, type FetchImage } from "./fetch_image.ts";
import { isPublicAddress } from "./public_address.ts";

const FIELD = "messages[0].content[0].image_url.url";
const { signal } = new AbortController();
/** Longer than any test may take. */
const timeoutMs = 600_000;

/** What anything that is connected to ends up at, whatever it was. */
const trap = createTcpServer();
let trapped = 0;
let trapPort = 0;

beforeAll(async () => {
  trap.on("connection", (socket) => {
    trapped += 1;
    socket.destroy();
  });
  trap.listen(0, "127.0.0.1");
  await once(trap, "listening");
  const address = trap.address();
  trapPort = typeof address === "object" && address !== null ? address.port : 0;
});
afterAll(() => trap.close());

/** As in production, but for the answers to names and a count of connections, each of which goes into the trap. */
function fetching(hosts: readonly string[], resolve: (host: string) => readonly string[]) {
  const seen = { connections: 0 };
  const fetchImage = createFetchImage(
    { hosts, maxBytes: 1000 },
    {
      resolve: (host) =>
        Promise.resolve((isIP(host) === 0 ? resolve(host) : [host]).map(addressOf)),
      isAllowed: isPublicAddress,
      connect: (options) => {
        seen.connections += 1;
        return connect({ ...options, host: "127.0.0.1", port: trapPort });
      },
      timeoutMs,
    },
  );
  return { fetchImage, seen };
}

function addressOf(address: string): LookupAddress {
  return { address, family: isIP(address) };
}

test(`the corpus has at least 40 cases: ${REFUSED_URLS.length}`, () => {
  expect(REFUSED_URLS.length).toBeGreaterThanOrEqual(40);
});

test.each(REFUSED_URLS)("createFetchImage() connects to nothing for $what", async (attempt) => {
  const { fetchImage, seen } = fetching(attempt.hosts, () => attempt.answers);
  const before = trapped;
  await expect(fetchImage(attempt.url, FIELD, signal)).rejects.toMatchObject({
    code: expect.stringMatching(/^(forbidden|invalid_request)$/),
    field: FIELD,
  });
  expect({ connections: seen.connections, trapped: trapped - before }).toEqual({
    connections: 0,
    trapped: 0,
  });
});

test.each(["8.8.8.8", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.63.0.1", "2606:4700::1"])(
  "createFetchImage() would connect to %s, so that the corpus can fail",
  async (address) => {
    const { fetchImage, seen } = fetching([HOST], () => [address]);
    const before = trapped;
    await expect(fetchImage(`https://${HOST}/`, FIELD, signal)).rejects.toMatchObject({
      code: "unavailable",
    });
    expect({ connections: seen.connections, trapped: trapped - before }).toEqual({
      connections: 1,
      trapped: 1,
    });
  },
);

test("createFetchImage() asks for a name once and connects to what it was told then", async () => {
  const answers = ["93.184.216.34", "127.0.0.1"];
  let asked = 0;
  const pinned: unknown[] = [];
  const fetchImage = createFetchImage(
    { hosts: [HOST], maxBytes: 1000 },
    {
      resolve: () => Promise.resolve([addressOf(answers[asked++] ?? "127.0.0.1")]),
      isAllowed: isPublicAddress,
      connect: ({ lookup, host = "" }) => {
        lookup?.(host, { all: true }, (_, found) => pinned.push(found));
        lookup?.(host, {}, (_, found) => pinned.push(found));
        return connect({ host: "127.0.0.1", port: trapPort });
      },
      timeoutMs,
    },
  );
  await expect(fetchImage(`https://${HOST}/`, FIELD, signal)).rejects.toThrow("Cannot fetch");
  expect(asked).toBe(1);
  expect(pinned).toEqual([[addressOf("93.184.216.34")], "93.184.216.34"]);
});

/** A server of a test's own on this machine, by the listed host's name. */
async function serve(
  answer: RequestListener,
  options: { readonly host?: string; readonly timeoutMs?: number } = {},
) {
  const authority = await createAuthority("images");
  const files = await issue(authority, authority, { host: options.host ?? HOST });
  const tls: ServerOptions = {
    cert: readFileSync(files.certificate),
    key: readFileSync(files.key),
  };
  const server: Server = createServer(tls, answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const asked: string[] = [];
  const fetchImage: FetchImage = createFetchImage(
    { hosts: [`${HOST}:${port}`, HOST, "other.example.org"], maxBytes: 1000 },
    {
      resolve: (host) => {
        asked.push(host);
        return Promise.resolve([
          addressOf(host === "other.example.org" ? "10.0.0.1" : "127.0.0.1"),
        ]);
      },
      isAllowed: (each) => each === "127.0.0.1",
      connect: (each) => connect({ ...each, ca: readFileSync(files.ca) }),
      timeoutMs: options.timeoutMs ?? timeoutMs,
    },
  );
  const url = `https://${HOST}:${port}`;
  return { fetchImage, url, asked, close: () => server.close() };
}

test("createFetchImage() fetches by https, and follows a redirect that leads to a listed host", async () => {
  const png = await drawPng(51);
  const seen: string[] = [];
  const server = await serve(({ url = "", headers }, response) => {
    seen.push(`${headers.host} ${url}`);
    if (url === "/a") response.writeHead(302, { location: "/b" }).end();
    else response.writeHead(200, { "content-type": "text/html" }).end(png);
  });
  expect(Buffer.from(await server.fetchImage(`${server.url}/a`, FIELD, signal))).toEqual(
    Buffer.from(png),
  );
  const { host } = new URL(server.url);
  expect(seen).toEqual([`${host} /a`, `${host} /b`]);
  // What is fetched is looked at like any other image.
  const gateway = await startScriptedGateway({ fetchImage: server.fetchImage });
  const ask = async (image: string): Promise<Response> => {
    const body = JSON.stringify(askAbout([image]));
    return await gateway.app.request("/v1/chat/completions", { method: "POST", body });
  };
  expect((await ask(`${server.url}/b`)).status).toBe(200);
  expect((await ask(dataUrl(png))).status).toBe(200);
  expect(gateway.seen.encodes).toBe(1);
  await gateway.stop();
  server.close();
});

test.each([
  { what: "plain http", location: `http://${HOST}/`, code: "forbidden" },
  { what: "a host that is not listed", location: "https://evil.example/", code: "forbidden" },
  { what: "an address inside", location: "https://169.254.169.254/", code: "forbidden" },
  { what: "a name that leads inside", location: "https://other.example.org/", code: "forbidden" },
  { what: "a file", location: "file:///etc/passwd", code: "forbidden" },
  { what: "itself, for ever", location: "/", code: "invalid_request" },
  { what: "nowhere", location: "https://", code: "invalid_request" },
])("createFetchImage() does not follow a redirect to $what", async ({ location, code }) => {
  let requests = 0;
  const server = await serve((_, response) => {
    requests += 1;
    response.writeHead(302, { location }).end();
  });
  await expect(server.fetchImage(server.url, FIELD, signal)).rejects.toMatchObject({ code });
  expect(requests).toBe(location === "/" ? 4 : 1);
  server.close();
});

test.each([
  {
    what: "more bytes than it says and than are taken",
    code: "image_too_large",
    answer: ((_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(Buffer.alloc(600)), 5);
      response.on("close", () => clearInterval(timer));
    }) satisfies RequestListener,
  },
  {
    what: "a length that is not taken",
    code: "image_too_large",
    answer: ((_, response) => {
      response.writeHead(200, { "content-length": "1001" }).end(Buffer.alloc(1001));
    }) satisfies RequestListener,
  },
  {
    what: "an error",
    code: "invalid_request",
    answer: ((_, response) => {
      response.writeHead(404).end();
    }) satisfies RequestListener,
  },
  {
    what: "what is compressed",
    code: "invalid_request",
    answer: ((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end("x");
    }) satisfies RequestListener,
  },
  {
    what: "half of what it promised",
    code: "unavailable",
    answer: ((_, response) => {
      response.writeHead(200, { "content-length": "500" }).write("x");
      setTimeout(() => response.destroy(), 50);
    }) satisfies RequestListener,
  },
])("createFetchImage() refuses a server that answers with $what", async ({ code, answer }) => {
  const server = await serve(answer);
  await expect(server.fetchImage(server.url, FIELD, signal)).rejects.toMatchObject({ code });
  server.close();
});

test("createFetchImage() refuses a certificate of another host, and says nothing of the URL", async () => {
  const server = await serve((_, response) => void response.end("x"), {
    host: "other.example.org",
  });
  const refused = server.fetchImage(`${server.url}/CANARY`, FIELD, signal);
  await expect(refused).rejects.toMatchObject({ code: "unavailable" });
  await expect(refused).rejects.not.toThrow("CANARY");
  server.close();
});

test("createFetchImage() gives up with its caller, also while a name is looked up", async () => {
  const caller = new AbortController();
  const fetchImage = createFetchImage(
    { hosts: [HOST], maxBytes: 1000 },
    { resolve: () => new Promise(() => {}), isAllowed: isPublicAddress, connect, timeoutMs },
  );
  const given = fetchImage(`https://${HOST}/`, FIELD, caller.signal);
  caller.abort(new RangeError("gone"));
  await expect(given).rejects.toThrow("gone");
});

test.each([
  { what: "says nothing", answer: (() => {}) satisfies RequestListener },
  {
    what: "stops in the middle of the image",
    answer: ((_, response) => void response.write("x")) satisfies RequestListener,
  },
])("createFetchImage() gives up by its own clock on a server that $what", async ({ answer }) => {
  const left = Promise.withResolvers<void>();
  const listener: RequestListener = (request, response) => {
    request.socket.once("close", left.resolve);
    answer(request, response);
  };
  const server = await serve(listener, { timeoutMs: 500 });
  await expect(server.fetchImage(server.url, FIELD, signal)).rejects.toMatchObject({
    code: "unavailable",
    field: FIELD,
  });
  await left.promise;
  server.close();
});
