import type { ModelConfig } from "@medv/model/config";

const FLOAT = 4;

/**
 * Bytes that a run of the block decoder takes beside the weights: keys and values of every layer, twice while they are
 * joined, the widest layer's activations, and the attention scores, which grow with the square of the sequence.
 *
 * @param positions Length of the longest sequence; every row is padded to it.
 */
export function runBytes(
  { language }: Pick<ModelConfig, "language">,
  rows: number,
  positions: number,
): number {
  const { layers, hiddenSize, intermediateSize, heads } = language;
  const keysAndValues = 2 * hiddenSize * (layers + 2);
  const activations = 6 * hiddenSize + 3 * intermediateSize;
  const scores = (heads + 2) * positions;
  return rows * positions * FLOAT * (keysAndValues + activations + scores);
}
