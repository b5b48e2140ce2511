/** Stands in every answer and in the `x-medv-notice` header; callers cannot switch it off. */
export const NOTICE = "Research tool, not for clinical use.";
