import type { Problem, ProblemCode } from "../api/problem.ts";
import type { Answer, AnswerSettings, Turn } from "./conversation.ts";

/** Why the gateway did not take the settings at hand when they were last asked with; undefined where it did. */
export function refusedSetting(
  turns: readonly Turn[],
  settings: AnswerSettings,
): Problem | undefined {
  const answers = turns.at(-1)?.answers ?? [];
  return answers.find((answer) => isRefused(answer) && isSame(answer.settings, settings))?.problem;
}

/** Problems of which the page says to change the settings, then ask again. */
const OF_SETTINGS: ReadonlySet<string> = new Set<ProblemCode>([
  "invalid_setting",
  "context_too_long",
  "deadline_exceeded",
]);

/** Whether another try is for the settings at hand, as those of the answer did not do. */
export function wantsOtherSettings({ problem }: Answer): boolean {
  return problem !== undefined && OF_SETTINGS.has(problem.code);
}

/** Whether an answer failed by its settings, so that asking again with the same ones is of no use. */
function isRefused({ problem }: Answer): boolean {
  return problem?.code === "invalid_setting";
}

function isSame(one: AnswerSettings, other: AnswerSettings): boolean {
  return (
    one.profile === other.profile &&
    one.genLength === other.genLength &&
    one.words === other.words &&
    one.template === other.template
  );
}
