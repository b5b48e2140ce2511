import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Page, readPage } from "./page.ts";
import { dataUrl, drawPng, startScriptedGateway } from "./testing/scripted_gateway.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const page: Page = new Map([
  ["/index.html", { bytes: encode("<!doctype html>"), contentType: "text/html; charset=utf-8" }],
  ["/assets/main-1.js", { bytes: encode("1;".repeat(2000)), contentType: "text/javascript" }],
]);
let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway({ page });
});
afterAll(() => gateway.stop());

test("pageRoute() serves the page at / with a policy that allows nothing inline and nothing foreign", async () => {
  const response = await gateway.app.request("/");
  expect(response.status).toBe(200);
  expect(await response.text()).toBe("<!doctype html>");
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  expect(response.headers.get("cache-control")).toBe("no-cache");
});

test("pageRoute() compresses, and answers 304 to who has the file", async () => {
  const headers = { "accept-encoding": "gzip" };
  const response = await gateway.app.request("/assets/main-1.js", { headers });
  expect(response.headers.get("content-encoding")).toBe("gzip");
  expect(response.headers.get("cache-control")).toContain("immutable");
  const tag = response.headers.get("etag") ?? "";
  const again = await gateway.app.request("/assets/main-1.js", {
    headers: { "if-none-match": tag },
  });
  expect(again.status).toBe(304);
});

test("a page that was not built is a 404 like any other", async () => {
  expect((await gateway.app.request("/assets/other.js")).status).toBe(404);
});

test("readPage() refuses a kind of file that it does not know, and takes a missing folder as no page", async () => {
  const folder = await mkdtemp(join(tmpdir(), "page "));
  try {
    const url = pathToFileURL(`${folder}/`);
    await writeFile(join(folder, "index.html"), "hello");
    expect([...(await readPage(url)).keys()]).toEqual(["/index.html"]);
    await writeFile(join(folder, "secret.pem"), "x");
    await expect(readPage(url)).rejects.toThrow('"secret.pem"');
    expect((await readPage(new URL("none/", url))).size).toBe(0);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("GET /v1/images/:id/tiles/:tile shows what the model is shown", async () => {
  const upload = await gateway.app.request("/v1/images", {
    method: "POST",
    body: await drawPng(40, 30),
  });
  const { id, tiles, tile_size } = (await upload.json()) as Record<string, unknown>;
  expect({ tiles, tile_size }).toEqual({ tiles: 1, tile_size: 28 });
  const tile = await gateway.app.request(`/v1/images/${String(id)}/tiles/0`);
  expect(tile.headers.get("content-type")).toBe("image/png");
  const bytes = new Uint8Array(await tile.arrayBuffer());
  expect(dataUrl(bytes)).toMatch(/^data:image\/png;base64,iVBOR/);
  const view = new DataView(bytes.buffer);
  expect([view.getUint32(16), view.getUint32(20)]).toEqual([28, 28]); // the header's width and height
  const missing = await gateway.app.request(`/v1/images/${String(id)}/tiles/1`);
  expect(missing.status).toBe(404);
});
