import type { DomainCode } from "@medv/proto/domain_error";

/** What can go wrong on the way to the gateway, besides what it says itself. */
export type ProblemCode =
  | DomainCode
  | "no_connection"
  | "connection_lost"
  | "unknown_answer"
  | "no_storage";

/** The members of a problem that the page shows. */
export type Problem = {
  readonly code: ProblemCode;
  /** The gateway's own words. */
  readonly detail?: string;
  readonly hint?: string;
  readonly field?: string;
  readonly requestId?: string;
};

/** A {@link Problem} that is thrown. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.detail ?? problem.code, options);
    this.problem = problem;
  }
}

/** The problem that an error stands for. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return { code: "unknown_answer", detail };
}
