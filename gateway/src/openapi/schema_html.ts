import { html } from "hono/html";
import type { ApiDocument } from "./document.ts";

/** Escaped text. */
export type Html = ReturnType<typeof html>;

/** A schema in the document, or a reference to one. */
export type SchemaPart = NonNullable<NonNullable<ApiDocument["components"]>["schemas"]>[string];

/** What a schema takes, in a few words. */
export function schemaText(schema: SchemaPart): Html {
  if ("$ref" in schema) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  const { type, allOf, enum: values, const: value, items } = schema;
  const branches = schema.oneOf ?? schema.anyOf;
  if (branches !== undefined) return joined(branches.map(schemaText), " or ");
  if (allOf !== undefined)
    return joined(allOf.filter((each) => "$ref" in each).map(schemaText), " ");
  if (value !== undefined) return html`<code>${JSON.stringify(value)}</code>`;
  if (values !== undefined) {
    return joined(
      values.map((each: unknown) => html`<code>${JSON.stringify(each)}</code>`),
      ", ",
    );
  }
  const name = Array.isArray(type) ? type.join(" or ") : (type ?? "anything");
  if (items !== undefined) return html`${name} of ${schemaText(items)}`;
  return html`${name}${boundsOf(schema)}`;
}

/** A row for every field of an object, those of objects within it included. */
export function fieldRows(schema: SchemaPart, prefix = ""): Html[] {
  if ("$ref" in schema || schema.properties === undefined) return [];
  const { properties, required = [] } = schema;
  return Object.entries(properties).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const description = "description" in field ? field.description : undefined;
    const row = html`<tr>
      <th scope="row"><code>${path}</code></th>
      <td>${required.includes(name) ? "required" : ""}</td>
      <td>${schemaText(field)}</td>
      <td>${prose(description)}</td>
    </tr>`;
    return [row, ...fieldRows(field, `${path}.`)];
  });
}

/** Text whose words between backticks are code. */
export function prose(text = ""): Html[] {
  return text
    .split("`")
    .map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}

function boundsOf({ minimum, maximum, pattern }: Exclude<SchemaPart, { $ref: string }>): string {
  const bounds = [
    minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? `at least ${minimum}` : "",
    maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `at most ${maximum}` : "",
    pattern === undefined ? "" : `matching ${pattern}`,
  ].filter((text) => text !== "");
  return bounds.length === 0 ? "" : `, ${bounds.join(", ")}`;
}

function joined(parts: readonly Html[], separator: string): Html {
  return html`${parts.map((part, index) => html`${index === 0 ? "" : separator}${part}`)}`;
}
