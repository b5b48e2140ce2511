import { randomSource } from "@medv/phantoms/random";
import type { StateTensor } from "./training_state.ts";

/**
 * Where training starts: normal numbers whose deviation keeps the size of what a layer passes on, smaller ones for
 * what is added to the residual stream; norms are ones, biases zeros. Each tensor has its own stream.
 *
 * @param layers Of the tower that the parameter is in, each of which adds twice to the stream.
 */
export function initialParameter(
  name: string,
  shape: readonly number[],
  { seed, layers }: { readonly seed: number; readonly layers: number },
): StateTensor {
  const data = new Float32Array(shape.reduce((size, dim) => size * dim, 1));
  const fixed = fixedStart(name);
  if (fixed !== undefined) return { shape, data: data.fill(fixed) };
  const random = randomSource(`${seed}/${name}`);
  const scale = deviation(name, shape, layers);
  for (let index = 0; index < data.length; index++) data[index] = scale * random.normal();
  return { shape, data };
}

function fixedStart(name: string): number | undefined {
  if (name.endsWith("log_temperature")) return Math.log(10);
  if (name.endsWith("pair_bias")) return -5;
  if (name.endsWith(".bias")) return 0;
  return /norm\d?\.weight$/.test(name) ? 1 : undefined;
}

function deviation(name: string, shape: readonly number[], layers: number): number {
  if (/embed_tokens|position_embedding|words/.test(name)) return 0.3;
  if (name === "lm_head.weight") return 0.02;
  const fanIn = shape.slice(1).reduce((product, dim) => product * dim, 1);
  const addsToStream = /o_proj|out_proj|down_proj|fc2/.test(name);
  return (addsToStream ? 1 / Math.sqrt(2 * layers) : 1) / Math.sqrt(fanIn);
}
