import { useRef } from "hono/jsx/dom";
import type { Problem } from "../api/problem.ts";
import { useEffect } from "../use_effect.ts";

/** What the gateway says of a setting, at the setting; nothing where the problem is elsewhere. */
export function SettingProblem({
  id,
  problem,
  fields,
}: {
  readonly id?: string;
  readonly problem: Problem | undefined;
  /** The setting's names in a request. */
  readonly fields: readonly string[];
}) {
  const element = useRef<HTMLParagraphElement>(null);
  const isShown = isAt(problem, fields);
  useEffect(() => {
    if (isShown) element.current?.scrollIntoView({ block: "nearest" });
  }, [problem, isShown]);
  if (problem === undefined || !isShown) return null;
  const { detail, hint } = problem;
  return (
    <p ref={element} id={id} class="problem" role="alert">
      {detail}
      {hint !== undefined && `: ${hint}`}
    </p>
  );
}

/** Whether a problem lies in one of these fields of a request. */
export function isAt(problem: Problem | undefined, fields: readonly string[]): boolean {
  return problem?.field !== undefined && fields.includes(problem.field);
}
