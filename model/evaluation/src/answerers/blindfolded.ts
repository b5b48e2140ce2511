import type { Answerer } from "./answerer.ts";

/** The same system without the image: what it scores is known from the questions alone. */
export function blindfolded(answer: Answerer): Answerer {
  return (request, signal) => answer({ ...request, image: undefined }, signal);
}
