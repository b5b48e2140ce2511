import type { OpenAPIHono, RouteHandler } from "@hono/zod-openapi";
import type { Context } from "hono";
import { z } from "zod";
import type { GatewayEnv } from "../dependencies.ts";
import { readJson } from "../read_body.ts";
import { parseWith } from "../schema_error.ts";
import type { InputPart, Operation, OperationInput } from "./operation.ts";
import { routeConfigOf } from "./route_config.ts";

/** Checked by the compiler where the answer is JSON. */
type OperationAnswer<O extends Operation> = ReturnType<
  RouteHandler<{ method: O["method"]; path: string; responses: O["responses"] }>
>;

const NOTHING = z.strictObject({});

/**
 * Serves an operation, and puts it into the document of `app`. What the handler gets was validated by the schemas that
 * the document shows. Bodies are read here and not by the library, which would take them at any length.
 *
 * @param options.maxJsonBytes Cap on a body of JSON.
 */
export function serve<const O extends Operation>(
  app: OpenAPIHono<GatewayEnv>,
  operation: O,
  handler: (input: OperationInput<O>, context: Context<GatewayEnv>) => OperationAnswer<O>,
  { maxJsonBytes = 0 }: { readonly maxJsonBytes?: number } = {},
): void {
  app.openAPIRegistry.registerPath(routeConfigOf(operation));
  app.on(operation.method, operation.path, async (context) => {
    const input = await readInput(operation, context, maxJsonBytes);
    // Each part by the operation's own schema, which the compiler cannot follow through the names of the parts.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const answer: unknown = await handler(input as OperationInput<O>, context);
    if (answer instanceof Response) return answer;
    throw new TypeError("Cannot answer as the handler gave no response");
  });
}

async function readInput(
  { request = {} }: Operation,
  { req }: Context<GatewayEnv>,
  maxJsonBytes: number,
): Promise<Record<InputPart, unknown>> {
  const { params, query = NOTHING, headers, json } = request;
  const queried = Object.entries(req.queries()).map(
    // One that is given twice is refused by its schema, instead of taking either.
    ([name, values]): [string, unknown] => [name, values.length === 1 ? values[0] : values],
  );
  const sent = Object.keys(headers?.shape ?? {}).map((name) => [name, req.header(name)] as const);
  return {
    params: params && parseWith(params, req.param()),
    query: parseWith(query, Object.fromEntries(queried)),
    headers: headers && parseWith(headers, Object.fromEntries(sent)),
    json: json && parseWith(json, await readJson(req.raw, maxJsonBytes)),
  };
}
