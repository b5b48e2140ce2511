import type { Problem } from "../api/problem.ts";
import { isAt, SettingProblem } from "./setting_problem.tsx";

/** What a report may look like, for who never wrote a template. */
const EXAMPLE = "FINDINGS: {{12}} SIDE: {{left|right|both|none}}.";

const FIELD = "diffusion.template";

/** Where the given text of a report is written, with gaps for the model to fill. */
export function TemplateView({
  template,
  problem,
  onChange,
}: {
  readonly template: string | undefined;
  readonly problem: Problem | undefined;
  /** Told the whole text, empty where there is to be none. */
  readonly onChange: (text: string) => void;
}) {
  return (
    <div class="template">
      <label for="template">Template</label>
      <textarea
        id="template"
        class="field"
        rows={1}
        spellcheck={false}
        placeholder={EXAMPLE}
        value={template ?? ""}
        aria-describedby="template-help template-problem"
        aria-invalid={isAt(problem, [FIELD]) ? "true" : "false"}
        onInput={({ target }: Event) => {
          if (target instanceof HTMLTextAreaElement) onChange(target.value);
        }}
      />
      <button type="button" onClick={() => onChange(template === undefined ? EXAMPLE : "")}>
        {template === undefined ? "Example" : "Clear"}
      </button>
      <SettingProblem id="template-problem" problem={problem} fields={[FIELD]} />
      <small id="template-help" class="quiet">
        {
          "The answer with gaps: {{24}} is filled with 24 tokens, {{left|right}} with the likelier word."
        }
      </small>
    </div>
  );
}
