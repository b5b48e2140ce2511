import { DomainError } from "@medv/proto";
import type { DescribeModelResponse } from "@medv/proto/diffusion";
import type { Services } from "./services.ts";

/** What the diffusion service says of its model, asked once and kept. */
export class ModelDescription {
  readonly #diffusion: Services["diffusion"];
  #kept: DescribeModelResponse | undefined;

  constructor(diffusion: Services["diffusion"]) {
    this.#diffusion = diffusion;
  }

  /** The kept description, or a fresh one; a failure is not kept. */
  async get(signal: AbortSignal, requestId?: string): Promise<DescribeModelResponse> {
    return this.#kept ?? (await this.refresh(signal, requestId));
  }

  /** Asks the service again, so that a restart with another checkpoint is seen. */
  async refresh(signal: AbortSignal, requestId?: string): Promise<DescribeModelResponse> {
    const deadline = new Date(Date.now() + 5_000);
    this.#kept = await this.#diffusion.describeModel({}, { signal, requestId, deadline });
    return this.#kept;
  }

  /**
   * The description, if `model` is the one that is served.
   *
   * @throws {DomainError} `unknown_model`.
   */
  async require(
    model: string,
    signal: AbortSignal,
    requestId: string,
  ): Promise<DescribeModelResponse> {
    const kept = await this.get(signal, requestId);
    if (kept.model === model) return kept;
    const description = await this.refresh(signal, requestId);
    if (description.model === model) return description;
    throw new DomainError(
      "unknown_model",
      `Cannot answer as the model is not served: served is "${description.model}"`,
      { field: "model", hint: `use "${description.model}"` },
    );
  }
}
