import { afterAll, expect, test } from "vitest";
import { startScriptedGateway } from "../testing/scripted_gateway.ts";
import { documentOf } from "./document.ts";

const gateway = await startScriptedGateway();
const document = documentOf(gateway.app);
afterAll(() => gateway.stop());

test("documentOf() has every route but the files of pages", () => {
  const routes = gateway.app.routes
    .filter(({ method, path }) => method !== "ALL" && !path.startsWith("/docs"))
    .map(({ method, path }) => {
      return `${method.toLowerCase()} ${path.replaceAll(/:(\w+)(\{[^}]*\})?/g, "{$1}")}`;
    });
  const documented = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method} ${path}`),
  );
  expect(documented.toSorted()).toEqual([...new Set(routes)].toSorted());
  expect(documented.length).toBeGreaterThan(10);
});

test("documentOf() takes no other fields in a body than it names", () => {
  const schemas = document.components?.schemas ?? {};
  const open: string[] = [];
  const walk = (part: unknown, path: string): void => {
    if (typeof part !== "object" || part === null) return;
    if ("$ref" in part) {
      const name = String(part.$ref).split("/").at(-1) ?? "";
      walk(schemas[name], name);
    }
    if ("properties" in part && !("additionalProperties" in part)) open.push(path);
    for (const [name, each] of Object.entries(part)) walk(each, `${path}.${name}`);
  };
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    walk(item.post?.requestBody, path);
  }
  expect(open).toEqual([]);
  expect(schemas["ChatRequest"]).toHaveProperty("additionalProperties", false);
});

test.each([
  { path: "/v1/models?limit=2", field: "limit" },
  { path: "/v1/images/none?frame=1", field: "frame" },
  { path: "/v1/answers/none?after=3", field: "after" },
])("serve() refuses a parameter that $path does not have, by its name", async ({ path, field }) => {
  const response = await gateway.app.request(path);
  expect(response.status).toBe(400);
  expect(await response.text()).toContain(`"${field}\\" is not a known field`);
});

test("serve() refuses a parameter that is given twice", async () => {
  const init = { method: "POST", body: "x" };
  const response = await gateway.app.request("/v1/images?frame=1&frame=2", init);
  expect(await response.json()).toMatchObject({ code: "invalid_request", field: "frame" });
});

test("GET /openapi.json is what documentOf() gives, and 304 to who has it", async () => {
  const response = await gateway.app.request("/openapi.json");
  expect(await response.json()).toEqual(JSON.parse(JSON.stringify(document)));
  const tag = response.headers.get("etag") ?? "";
  const again = await gateway.app.request("/openapi.json", { headers: { "if-none-match": tag } });
  expect(again.status).toBe(304);
});

test("GET /docs shows every operation, field and error, and its links lead somewhere", async () => {
  const text = await (await gateway.app.request("/docs")).text();
  const ids = new Set([...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id));
  const links = [...text.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
  expect(links.filter((id) => !ids.has(id))).toEqual([]);
  for (const name of Object.keys(document.components?.schemas ?? {})) {
    expect(ids).toContain(`schema-${name}`);
  }
  for (const path of Object.keys(document.paths ?? {})) expect(text).toContain(path);
  for (const shown of ["diffusion.", "gen_length", "rate_limit_exceeded", "Last-Event-ID"]) {
    expect(text).toContain(shown);
  }
  expect(text).toContain("For <code>medv-image:&lt;id&gt;</code> URLs in messages.");
  expect(text).not.toContain("`");
});

test("GET /docs loads nothing but its own style, and runs nothing", async () => {
  const response = await gateway.app.request("/docs");
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'; style-src 'self'");
  expect(policy).not.toMatch(/unsafe|https?:|script-src|\*/);
  const text = await response.text();
  expect(text).not.toMatch(/<script|<img|style="|\son\w+=|src=/i);
  const loaded = [...text.matchAll(/<link [^>]*href="([^"]*)"/g)].map(([, url]) => url);
  expect(loaded).toEqual(["/docs/style.css"]);
  const style = await gateway.app.request("/docs/style.css");
  expect(style.headers.get("content-type")).toContain("text/css");
  expect(await style.text()).not.toMatch(/url\(|@import/);
});
