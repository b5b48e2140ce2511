import { useRef } from "hono/jsx/dom";
import { hasRunning } from "../conversation/conversation.ts";
import { ask } from "../session/ask.ts";
import { attach } from "../session/attach.ts";
import { stopConversation } from "../session/run_answer.ts";
import { currentTurns, session, useSession } from "../session/session.ts";
import { Guard } from "./guard.tsx";
import { ImageChip } from "./image_chip.tsx";
import { QUESTIONS } from "./samples.ts";
import { SettingsView } from "./settings_view.tsx";
import { useEffect } from "../use_effect.ts";

const TAKEN = "image/*,.dcm,application/dicom";

/** Where a question is written and images are taken in. */
export function Composer() {
  const state = useSession();
  const { draft, model, currentKey } = state;
  const field = useRef<HTMLTextAreaElement>(null);
  const turns = currentTurns(state);
  const isRunning = turns.some(hasRunning);
  const isBroken = draft.images.some(({ problem }) => problem !== undefined);
  const isReady = model !== undefined && !isRunning && !isBroken;
  const focus = (): void => {
    // On a phone the keyboard would come up and hide the page.
    if (matchMedia("(pointer: fine)").matches) field.current?.focus({ preventScroll: true });
  };
  useEffect(focus, [currentKey, draft.images.length]);
  useEffect(() => {
    // The button that was pressed has gone, and took the focus with it.
    if (document.activeElement === document.body) focus();
  }, [isRunning]);

  const send = (question: string): void => {
    if (isReady && question.trim() !== "") void ask(question.trim());
  };
  const onKey = (event: KeyboardEvent): void => {
    // While a character is composed, Enter takes it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send(draft.question);
  };
  return (
    <form
      class="composer"
      aria-label="Ask"
      onSubmit={(event: Event) => {
        event.preventDefault();
        send(draft.question);
      }}
    >
      {/* Hidden, not left out: a field whose neighbours come and go would lose the focus. */}
      <ul class="chips" aria-label="Images to ask about" hidden={draft.images.length === 0}>
        {draft.images.map((image) => (
          <li key={image.key}>
            <Guard>
              <ImageChip image={image} />
            </Guard>
          </li>
        ))}
      </ul>
      <div
        class="questions"
        hidden={draft.images.length === 0 || draft.question !== "" || isBroken}
      >
        {QUESTIONS.map((question) => (
          <button key={question} type="button" disabled={!isReady} onClick={() => send(question)}>
            {question}
          </button>
        ))}
      </div>
      <div class="ask">
        <textarea
          ref={field}
          class="field"
          rows={1}
          aria-label="Question"
          placeholder={turns.length === 0 ? "Ask about an image" : "Ask more"}
          value={draft.question}
          onInput={onInput}
          onKeyDown={onKey}
        />
        <label class="button">
          Image
          <input type="file" class="hidden" accept={TAKEN} multiple onChange={onChoose} />
        </label>
        <label class="button touch">
          Photo
          <input
            type="file"
            class="hidden"
            accept="image/*"
            capture="environment"
            onChange={onChoose}
          />
        </label>
        {/* One element for both would be a submit button before the click on Stop has come to its end. */}
        {isRunning ? (
          <button
            key="stop"
            type="button"
            class="danger"
            onClick={() => void stopConversation(currentKey, turns)}
          >
            Stop
          </button>
        ) : (
          <button
            key="ask"
            type="submit"
            class="primary"
            disabled={!isReady || draft.question.trim() === ""}
          >
            Ask
          </button>
        )}
      </div>
      <Guard>
        <SettingsView />
      </Guard>
    </form>
  );
}

function onChoose({ target }: Event): void {
  if (!(target instanceof HTMLInputElement)) return;
  attach([...(target.files ?? [])]);
  target.value = ""; // the same file may be chosen again
}

function onInput(event: Event): void {
  const { target } = event;
  if (!(target instanceof HTMLTextAreaElement)) return;
  const { value } = target;
  session.set((state) => ({ ...state, draft: { ...state.draft, question: value } }));
}
