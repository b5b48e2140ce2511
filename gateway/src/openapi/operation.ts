import type { RouteConfig } from "@hono/zod-openapi";
import type { DomainCode } from "@medv/proto";
import type { z } from "zod";
import type { ProblemStyle } from "../problem.ts";

/** One method of one path: what it takes, what it answers, and every error that it may end with. */
export type Operation = {
  readonly method: "get" | "post" | "delete";
  /** As Hono writes it, from where the route stands. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly request?: {
    readonly params?: z.ZodObject;
    readonly query?: z.ZodObject;
    /** By the names that errors say. */
    readonly headers?: z.ZodObject;
    /** A body of JSON, whatever its content type says. */
    readonly json?: z.ZodType;
    /** Another body, which the handler reads. */
    readonly body?: NonNullable<RouteConfig["request"]>["body"];
  };
  readonly responses: RouteConfig["responses"];
  /** Who may ask: a caller who is known, or anybody. */
  readonly access: "caller" | "anybody";
  /** Besides those that everything ends with that wants this access. */
  readonly errors: readonly DomainCode[];
  readonly errorStyle: ProblemStyle;
};

/** A part of a request that a schema validates. */
export type InputPart = "params" | "query" | "headers" | "json";

/** What a handler is given: each part that the operation describes, validated; undefined where it describes none. */
export type OperationInput<O extends Operation> = {
  readonly [Part in InputPart]: O["request"] extends { readonly [P in Part]: infer S }
    ? S extends z.ZodType
      ? z.output<S>
      : undefined
    : undefined;
};

/** What every operation may end with. */
export const COMMON_ERRORS = {
  anybody: ["invalid_request"],
  caller: [
    "invalid_request",
    "invalid_api_key",
    "expired_token",
    "rate_limit_exceeded",
    "unavailable",
    "internal",
  ],
} as const satisfies Record<Operation["access"], readonly DomainCode[]>;
