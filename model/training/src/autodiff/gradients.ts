import type { Graph } from "@medv/model/onnx/graph";
import type { GraphNode } from "@medv/model/onnx/node_view";
import { scalar } from "@medv/model/onnx/constants";
import type { Value } from "@medv/model/onnx/value";
import { RULES } from "./rules.ts";

/**
 * Appends the backward graph of `loss` to its own graph: reverse-mode differentiation over the nodes that are there.
 *
 * @param loss A float32 scalar.
 * @param parameters Inputs of the graph.
 * @returns The gradient in each parameter, of its shape, in the same order.
 * @throws {RangeError} If an operator between a parameter and the loss has no gradient rule, or the loss does not
 * depend on a parameter; both by name.
 * @see {@link https://arxiv.org/abs/1502.05767 | Baydin et al. 2018}, §3.2
 */
export function gradients(
  graph: Graph,
  loss: Value,
  parameters: readonly Value[],
): readonly Value[] {
  const nodes = [...graph.nodes];
  const dependent = dependents(nodes, parameters);
  const parts = new Map<string, Value[]>([[loss.name, [scalar(graph, "float32", 1)]]]);
  graph.scope("gradient", () => {
    for (const node of nodes.toReversed()) {
      const output = node.outputs.find((value) => parts.has(value.name));
      if (output === undefined || !dependent.has(output.name)) continue;
      const rule = RULES[node.operator];
      if (rule === undefined || output !== node.outputs[0]) {
        throw new RangeError(
          `Cannot differentiate "${output.name}" as ${node.operator} has no gradient rule: add one to the rules`,
        );
      }
      const gradient = total(graph, parts.get(output.name) ?? []);
      const results = rule({
        graph,
        node,
        gradient,
        needs: (index) => dependent.has(node.inputs[index]?.name ?? ""),
      });
      node.inputs.forEach((input, index) => {
        const result = results[index];
        if (input === undefined || result === undefined || !dependent.has(input.name)) return;
        const known = parts.get(input.name);
        if (known === undefined) parts.set(input.name, [result]);
        else known.push(result);
      });
      // Nothing before this node reads it again.
      parts.delete(output.name);
    }
  });
  return parameters.map((parameter) => {
    const found = parts.get(parameter.name);
    if (found === undefined) {
      throw new RangeError(
        `Cannot differentiate "${loss.name}" in "${parameter.name}" as it does not depend on it`,
      );
    }
    return graph.scope("gradient", () => total(graph, found));
  });
}

/** Names of the float values that depend on a parameter, the parameters among them. */
function dependents(
  nodes: readonly GraphNode[],
  parameters: readonly Value[],
): ReadonlySet<string> {
  const names = new Set(parameters.map((parameter) => parameter.name));
  for (const node of nodes) {
    if (!node.inputs.some((value) => value !== undefined && names.has(value.name))) continue;
    for (const output of node.outputs) if (output.dtype === "float32") names.add(output.name);
  }
  return names;
}

function total(graph: Graph, values: readonly Value[]): Value {
  const [first, ...rest] = values;
  if (first === undefined) throw new RangeError("Cannot add up no gradients");
  return rest.length === 0 ? first : graph.op("Sum", values);
}
