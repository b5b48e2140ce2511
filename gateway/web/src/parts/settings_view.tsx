import { session, useSession } from "../session/session.ts";
import { PROFILE_TEXTS } from "./profile_texts.ts";

/** Shortest and longest answer of the slider, and its step, in tokens. */
const [SHORTEST, LONGEST, STEP] = [8, 256, 8];

/** Length of the answer and profile of the decoder. */
export function SettingsView() {
  const { model, settings } = useSession();
  const profiles = model?.profiles ?? [];
  const longest = Math.min(LONGEST, Math.floor((model?.context_length ?? LONGEST) / 2));
  return (
    <details class="settings">
      <summary>{`Length ${settings.genLength} tokens, profile ${settings.profile}`}</summary>
      <div>
        <label>
          Length
          <input
            type="range"
            min={SHORTEST}
            max={longest}
            step={STEP}
            value={settings.genLength}
            onInput={(event: Event) => change({ genLength: Number(valueOf(event)) })}
          />
        </label>
        <label>
          Profile
          <select
            value={settings.profile}
            onChange={(event: Event) => change({ profile: valueOf(event) })}
          >
            {profiles.map((profile) => (
              <option key={profile} value={profile} selected={profile === settings.profile}>
                {profile}
              </option>
            ))}
          </select>
        </label>
        <small class="quiet">{PROFILE_TEXTS[settings.profile] ?? ""}</small>
      </div>
    </details>
  );
}

function change(part: Partial<{ genLength: number; profile: string }>): void {
  session.set((state) => ({ ...state, settings: { ...state.settings, ...part } }));
}

function valueOf({ target }: Event): string {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement
    ? target.value
    : "";
}
