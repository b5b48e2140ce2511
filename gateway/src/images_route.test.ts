import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tenantScopes } from "./auth/tenant_scope.ts";
import { DeletionReceipts } from "./deletion_receipts.ts";
import { oneRowFile } from "./image/dicom/testing/one_row_file.ts";
import { NOTICE } from "./notice.ts";
import { askAbout } from "./testing/ask_about.ts";
import {
  drawPng,
  MAX_IMAGE_BYTES,
  SECRET,
  startScriptedGateway,
} from "./testing/scripted_gateway.ts";

/** A file that offers two windows, 40/400 and -600/1500. */
const CT = join(import.meta.dirname, "image/dicom/testing/files/ct_jpeg_ls.dcm");

let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;
let bytes: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  gateway = await startScriptedGateway();
  bytes = new Uint8Array(await readFile(CT));
});
afterAll(() => gateway.stop());

async function post(query: string, body?: Uint8Array<ArrayBuffer>): Promise<Response> {
  return await gateway.app.request(`/v1/images${query}`, {
    method: "POST",
    ...(body !== undefined && { body }),
  });
}

async function idOf(response: Response): Promise<string> {
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

async function tile(id: string): Promise<string> {
  const response = await gateway.app.request(`/v1/images/${id}/tiles/0`);
  return Buffer.from(await response.arrayBuffer()).toString("base64");
}

/** A DICOM file with a frame for each level, of one pixel beside a black one. */
function stack(levels: readonly number[]): Uint8Array<ArrayBuffer> {
  const values = levels.flatMap((level) => [0, level]);
  return new Uint8Array(
    oneRowFile(
      { bits: 8, values },
      ["00280008", "IS", String(levels.length)],
      ["00280011", "US", 2],
    ),
  );
}

test("POST /v1/images shows an image that was sent before through another window, as an image of its own", async () => {
  const sent = await post("", bytes);
  expect(await sent.clone().json()).toMatchObject({
    window: { number: 1, of: 2, center: 40, width: 400 },
    value_range: [expect.any(Number), expect.any(Number)],
  });
  const first = await idOf(sent);
  const same = await idOf(await post(`?from=${first}&center=40&width=400`));
  const second = await idOf(await post(`?from=${first}&window=2`));
  const other = await post(`?from=${first}&center=-600&width=1500`);
  expect(await other.clone().json()).toMatchObject({
    window: { number: 0, of: 2, function: "LINEAR", center: -600, width: 1500 },
  });
  expect(await tile(same)).toBe(await tile(first));
  expect(await tile(await idOf(other))).toBe(await tile(second));
  expect(await tile(second)).not.toBe(await tile(first));
  expect((await gateway.app.request(`/v1/images/${same}`, { method: "DELETE" })).status).toBe(200);
  expect((await gateway.app.request(`/v1/images/${first}`)).status).toBe(200);
});

test("POST /v1/images shows another frame of an image that was sent before, as an image of its own", async () => {
  const sent = await post("", stack([10, 100, 250]));
  expect(await sent.clone().json()).toMatchObject({ frame: { number: 2, of: 3 } });
  const middle = await idOf(sent);
  const last = await post(`?from=${middle}&frame=3`);
  expect(await last.clone().json()).toMatchObject({ frame: { number: 3, of: 3 } });
  expect(await tile(await idOf(last))).not.toBe(await tile(middle));
  const none = await post(`?from=${middle}&frame=4`);
  expect(none.status).toBe(400);
  expect(await none.json()).toMatchObject({ code: "invalid_request", field: "frame" });
});

test.each([
  { query: "?center=40", field: "width" },
  { query: "?width=400", field: "center" },
  { query: "?window=1&center=40&width=400", field: "window" },
  { query: "?center=forty&width=400", field: "center" },
  { query: "?center=40&width=0.5", field: "width" },
  { query: "?from=img_1&center=40&width=400", field: "from" },
])("POST /v1/images refuses $query with an image, naming $field", async ({ query, field }) => {
  const response = await post(query, bytes);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: "invalid_request", field });
});

test("POST /v1/images does not know an image that was not sent", async () => {
  const response = await post("?from=img_1");
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: "unknown_image", field: "from" });
});

test("POST /v1/images says that the query is wrong before it reads the image", async () => {
  const response = await post("?center=40", new Uint8Array(MAX_IMAGE_BYTES + 1));
  expect(await response.json()).toMatchObject({ code: "invalid_request", field: "width" });
});

test("a DICOM file is asked about as any image is: sent by a form, then named by its id", async () => {
  const form = new FormData();
  form.append("file", new File([bytes], "ct.dcm", { type: "application/dicom" }));
  const id = await idOf(await gateway.app.request("/v1/images", { method: "POST", body: form }));
  const body = JSON.stringify(askAbout([`medv-image:${id}`]));
  const answer = await gateway.app.request("/v1/chat/completions", { method: "POST", body });
  expect(answer.status).toBe(200);
  const [image] = gateway.seen.requests.at(-1)?.images ?? [];
  const known = await gateway.app.request(`/v1/images/${id}`);
  const { width, height } = (await known.json()) as { width: number; height: number };
  expect(image).toMatchObject({ width, height, handle: { shape: [1, 4, 8] } });
});

test("DELETE /v1/images/:id answers with a receipt of what let go of the image", async () => {
  const id = await idOf(await post("", await drawPng(78)));
  const path = `/v1/images/${id}`;
  const startedAt = Math.floor(Date.now() / 1000);
  const deleted = await gateway.app.request(path, { method: "DELETE" });
  expect(deleted.status).toBe(200);
  const body = (await deleted.json()) as { deleted_at: string; receipt: string };
  expect(body).toEqual({
    id,
    deleted_at: expect.any(String),
    receipt: expect.any(String),
    notice: NOTICE,
  });
  const claims = await new DeletionReceipts(SECRET).read(body.receipt);
  expect(claims).toEqual({
    iat: Date.parse(body.deleted_at) / 1000,
    image: id,
    tenant: "local",
    emptied: { memory: true, shared_cache: false, vision_replicas: 1, diffusion_replicas: 1 },
  });
  expect(claims.iat).toBeGreaterThanOrEqual(startedAt);
  expect(JSON.stringify(claims)).not.toContain(tenantScopes(SECRET)("local"));
  // It is given once.
  expect((await gateway.app.request(path, { method: "DELETE" })).status).toBe(404);
});

test("100 equal uploads at once are 100 images, of which one is encoded", async () => {
  const png = await drawPng(77);
  const before = gateway.seen.encodeRequests.length;
  const ids = await Promise.all(Array.from({ length: 100 }, async () => idOf(await post("", png))));
  expect(new Set(ids).size).toBe(100);
  const statuses = ids.map(async (id) => {
    const body = JSON.stringify(askAbout([`medv-image:${id}`]));
    return (await gateway.app.request("/v1/chat/completions", { method: "POST", body })).status;
  });
  expect(new Set(await Promise.all(statuses))).toEqual(new Set([200]));
  expect(gateway.seen.encodeRequests.length - before).toBe(1);
});
