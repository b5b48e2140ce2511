import { useRef } from "hono/jsx/dom";
import type { AnswerSettings } from "../conversation/conversation.ts";
import { refusedSetting } from "../conversation/refused_setting.ts";
import { currentTurns, session, useSession } from "../session/session.ts";
import { PROFILE_TEXTS } from "./profile_texts.ts";
import { SettingProblem } from "./setting_problem.tsx";
import { TemplateView } from "./template_view.tsx";
import { useEffect } from "../use_effect.ts";

/** Shortest and longest answer of the slider, and its step, by what is counted. */
const LENGTHS = {
  tokens: { least: 8, most: 256, step: 8 },
  words: { least: 5, most: 150, step: 5 },
} as const;
type Unit = keyof typeof LENGTHS;

/** Words that are asked for at first: about as much as the model says by itself. */
const FIRST_WORDS = 30;

/** How long an answer is, what of it is given, and the profile of the decoder. */
export function SettingsView() {
  const state = useSession();
  const { model, settings } = state;
  const { profile, genLength, words, template } = settings;
  const refused = refusedSetting(currentTurns(state), settings);
  const box = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (refused !== undefined && box.current !== null) box.current.open = true;
  }, [refused]);
  const unit: Unit = words === undefined ? "tokens" : "words";
  const { least, most, step } = LENGTHS[unit];
  const context = Math.floor((model?.context_length ?? most) / 2);
  return (
    <details class="settings" ref={box}>
      <summary>{summaryOf(settings)}</summary>
      <div class="settings-body">
        <fieldset class="length" disabled={template !== undefined}>
          <label>
            Length
            <input
              type="range"
              min={least}
              max={Math.min(most, context)}
              step={step}
              value={words ?? genLength}
              onInput={(event: Event) => setLength(unit, Number(valueOf(event)))}
            />
            <output>{words ?? genLength}</output>
          </label>
          <select
            aria-label="Count"
            value={unit}
            onChange={(event: Event) => setUnit(valueOf(event) === "words" ? "words" : "tokens")}
          >
            {(["tokens", "words"] as const).map((each) => (
              <option key={each} value={each} selected={each === unit}>
                {each}
              </option>
            ))}
          </select>
          <small class="quiet">
            {template === undefined ? "" : "The template decides the length."}
          </small>
        </fieldset>
        <SettingProblem
          problem={refused}
          fields={["max_tokens", "diffusion.gen_length", "diffusion.words"]}
        />
        <TemplateView
          template={template}
          problem={refused}
          onChange={(text) =>
            change((old) => ({ ...old, template: text === "" ? undefined : text }))
          }
        />
        <div class="row">
          <label>
            Profile
            <select
              name="profile"
              value={profile}
              onChange={(event: Event) => {
                const chosen = valueOf(event);
                change((old) => ({ ...old, profile: chosen }));
              }}
            >
              {(model?.profiles ?? []).map((each) => (
                <option key={each} value={each} selected={each === profile}>
                  {each}
                </option>
              ))}
            </select>
          </label>
          <small class="quiet">{PROFILE_TEXTS[profile] ?? ""}</small>
        </div>
        <SettingProblem problem={refused} fields={["diffusion.profile"]} />
      </div>
    </details>
  );
}

function summaryOf({ profile, genLength, words, template }: AnswerSettings): string {
  const count = words === undefined ? `${genLength} tokens` : `${words} words`;
  const length = template === undefined ? `Length ${count}` : "By a template";
  return profile === "" ? length : `${length}, profile ${profile}`;
}

function setLength(unit: Unit, count: number): void {
  change((old) => (unit === "words" ? { ...old, words: count } : { ...old, genLength: count }));
}

function setUnit(unit: Unit): void {
  change((old) => ({ ...old, words: unit === "words" ? FIRST_WORDS : undefined }));
}

function change(by: (settings: AnswerSettings) => AnswerSettings): void {
  session.set((state) => ({ ...state, settings: by(state.settings) }));
}

function valueOf({ target }: Event): string {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement
    ? target.value
    : "";
}
