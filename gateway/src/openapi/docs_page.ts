import { html } from "hono/html";
import type { ApiDocument } from "./document.ts";
import { fieldRows, type Html, prose, type SchemaPart, schemaText } from "./schema_html.ts";

/** The document as a page to read: no script, and nothing from elsewhere. */
export function docsPage(document: ApiDocument): Html {
  const { title, description } = document.info;
  const operations = operationsOf(document);
  const tags = [...new Set(operations.map(({ tag }) => tag))];
  const schemas = Object.entries(document.components?.schemas ?? {});
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} API</title>
        <link rel="stylesheet" href="/docs/style.css" />
      </head>
      <body>
        <header>
          <h1>${title} API</h1>
          <p>${prose(description)}</p>
          <p>For programs: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
        </header>
        <nav aria-label="Operations">
          ${tags.map((tag) => {
            const links = operations.filter((each) => each.tag === tag);
            return html`<p>
              <strong>${tag}</strong>
              ${links.map(({ id, name }) => html` <a href="#${id}"><code>${name}</code></a>`)}
            </p>`;
          })}
        </nav>
        <main>
          ${operations.map(operationSection)}
          <h2 id="schemas">Schemas</h2>
          ${schemas.map(([name, schema]) => schemaSection(name, schema))}
        </main>
      </body>
    </html>`;
}

type Paths = NonNullable<ApiDocument["paths"]>;
type OperationPart = NonNullable<Paths[string]["get"]>;

type ListedOperation = {
  readonly id: string;
  readonly tag: string;
  /** Such as "GET /v1/models". */
  readonly name: string;
  readonly operation: OperationPart;
};

function operationsOf({ paths = {} }: ApiDocument): ListedOperation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    (["get", "post", "delete"] as const).flatMap((method) => {
      const operation = item[method];
      if (operation === undefined) return [];
      const [tag = "", id = ""] = [operation.tags?.[0], operation.operationId];
      return [{ id, tag, name: `${method.toUpperCase()} ${path}`, operation }];
    }),
  );
}

function operationSection({ id, name, operation }: ListedOperation): Html {
  const {
    summary,
    description,
    parameters = [],
    requestBody,
    responses = {},
    security,
  } = operation;
  const isOpen = security?.length === 0;
  return html`<section id="${id}">
    <h2><code>${name}</code></h2>
    <p>${summary}.${isOpen ? " Anybody may ask." : ""}</p>
    ${description && html`<p>${prose(description)}</p>`}
    ${parameters.length > 0 && parameterTable(parameters)}
    ${
      requestBody &&
      "content" in requestBody &&
      html`<h3>Body</h3>
        ${contentList(requestBody.content)}`
    }
    <h3>Answers</h3>
    <table>
      <tbody>
        ${Object.entries(responses).map(([status, response]) => responseRow(status, response))}
      </tbody>
    </table>
  </section>`;
}

function parameterTable(parameters: NonNullable<OperationPart["parameters"]>): Html {
  return html`<h3>Parameters</h3>
    <table>
      <tbody>
        ${parameters.map((parameter) => {
          if ("$ref" in parameter) return "";
          const { name, in: place, required, schema, description } = parameter;
          return html`<tr>
            <th scope="row"><code>${name}</code></th>
            <td>${place}${required === true ? ", required" : ""}</td>
            <td>${schema && schemaText(schema)}</td>
            <td>${prose(description)}</td>
          </tr>`;
        })}
      </tbody>
    </table>`;
}

type Content = NonNullable<Extract<OperationPart["requestBody"], { content: unknown }>>["content"];

function contentList(content: Content): Html {
  return html`<ul>
    ${Object.entries(content).map(
      ([type, { schema }]) => html`<li><code>${type}</code> ${schema && schemaText(schema)}</li>`,
    )}
  </ul>`;
}

function responseRow(status: string, response: { description?: string; content?: Content }): Html {
  return html`<tr>
    <th scope="row">${status}</th>
    <td>${prose(response.description)}</td>
    <td>${response.content && contentList(response.content)}</td>
  </tr>`;
}

function schemaSection(name: string, schema: SchemaPart): Html {
  const description = "description" in schema ? schema.description : undefined;
  const rows = fieldRows(schema);
  return html`<section id="schema-${name}">
    <h3><code>${name}</code></h3>
    ${description && html`<p>${prose(description)}</p>`}
    ${
      rows.length === 0
        ? html`<p>${schemaText(schema)}</p>`
        : html`<table>
            <tbody>
              ${rows}
            </tbody>
          </table>`
    }
  </section>`;
}
