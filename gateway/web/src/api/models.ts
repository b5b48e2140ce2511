import { request } from "./request.ts";

/** The model that is served, as `GET /v1/models` describes it. */
export type Model = {
  readonly id: string;
  readonly context_length: number;
  readonly profiles: readonly string[];
  readonly default_profile: string | null;
  readonly default_gen_length: number | null;
};

/**
 * Asks which model is served.
 *
 * @throws {ProblemError} What the gateway says.
 */
export async function readModel(): Promise<Model> {
  const response = await request("/v1/models");
  // The gateway's own answer: one model stands in the list.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { data } = (await response.json()) as { readonly data: readonly [Model] };
  return data[0];
}
