import { useRef } from "hono/jsx/dom";
import { enterKey } from "../api/api_key.ts";
import type { Problem } from "../api/problem.ts";
import { PROBLEM_TEXTS } from "../api/problem_text.ts";
import { useApiKey } from "./use_api_key.ts";
import { useEffect } from "../use_effect.ts";

/** Asks for the key that the gateway wants, in the place where questions are written. */
export function KeyView({ refusal }: { readonly refusal: Problem }) {
  const { key } = useApiKey();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const isUnknown = key !== undefined && refusal.code === "invalid_api_key";
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    enterKey(field.current?.value.trim() ?? "");
  };
  return (
    <form class="composer" aria-label="API key" onSubmit={onSubmit}>
      <p id="key-why" role="alert">
        {isUnknown
          ? "The gateway does not know this key. Check it, then enter it once more."
          : PROBLEM_TEXTS[refusal.code]}
      </p>
      <div class="ask">
        <input
          ref={field}
          class="field"
          type="password"
          aria-label="API key"
          aria-describedby="key-why key-where"
          placeholder="API key"
          autocomplete="off"
          required
          pattern="\s*[!-~]+\s*"
          title="Letters, digits and signs without a space"
        />
        <button type="submit" class="primary">
          Use key
        </button>
      </div>
      <small id="key-where" class="quiet">
        It stays in this browser's storage for this page, goes to this gateway and nowhere else, and
        is forgotten with one button.
      </small>
    </form>
  );
}
