import type { Problem } from "../api/problem.ts";
import { PROBLEM_TEXTS } from "../api/problem_text.ts";

/** A problem in a sentence that says what to do, and the gateway's own words for who wants them. */
export function ProblemView({
  problem,
  note = "",
}: {
  readonly problem: Problem;
  /** What the page does about it by itself. */
  readonly note?: string;
}) {
  const { code, detail, hint, field, requestId } = problem;
  return (
    <div class="problem" role="alert">
      <p>
        {PROBLEM_TEXTS[code]} {note}
      </p>
      <details>
        <summary>Details</summary>
        <dl>
          <dt>code</dt>
          <dd>{code}</dd>
          {detail !== undefined && <Line name="the gateway says" text={detail} />}
          {hint !== undefined && <Line name="hint" text={hint} />}
          {field !== undefined && <Line name="field" text={field} />}
          {requestId !== undefined && <Line name="request id" text={requestId} />}
        </dl>
      </details>
    </div>
  );
}

function Line({ name, text }: { readonly name: string; readonly text: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </>
  );
}
