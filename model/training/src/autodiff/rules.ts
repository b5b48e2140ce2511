import { ATTENTION_RULES } from "./attention_rules.ts";
import { ELEMENTWISE_RULES } from "./elementwise_rules.ts";
import { MATRIX_RULES } from "./matrix_rules.ts";
import { NORMALIZATION_RULES } from "./normalization_rules.ts";
import { PLACEMENT_RULES } from "./placement_rules.ts";
import type { GradientRule } from "./rule.ts";

/** The gradient of every operator that training differentiates; any other is refused by name. */
export const RULES: Readonly<Record<string, GradientRule>> = {
  ...ELEMENTWISE_RULES,
  ...MATRIX_RULES,
  ...NORMALIZATION_RULES,
  ...ATTENTION_RULES,
  ...PLACEMENT_RULES,
};
