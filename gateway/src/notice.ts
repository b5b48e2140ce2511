import { z } from "zod";

/** Stands in every answer and in the `x-medv-notice` header; callers cannot switch it off. */
export const NOTICE = "Research tool, not for clinical use.";

export const noticeSchema = z
  .literal(NOTICE)
  .meta({ id: "Notice", description: "Stands in every answer, and cannot be switched off." });
