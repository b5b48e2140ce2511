import { useState } from "hono/jsx/dom";
import { apiKey } from "../api/api_key.ts";
import type { Answer } from "../conversation/conversation.ts";
import { answerBody } from "../conversation/messages.ts";
import { curlSnippet, openaiSnippet } from "../conversation/snippets.ts";
import type { AnswerPlace } from "../session/run_answer.ts";
import { conversationOf, session } from "../session/session.ts";
import { CopyButton } from "./copy_button.tsx";
import { Dialog } from "./dialog.tsx";

/** The request of an answer, as `curl` and as `openai` code. */
export function SnippetDialog({
  answer,
  place,
  onClose,
}: {
  readonly answer: Answer;
  readonly place: AnswerPlace;
  readonly onClose: () => void;
}) {
  const [kind, setKind] = useState<"curl" | "openai">("curl");
  const snippet = snippetOf(answer, place, kind === "curl" ? curlSnippet : openaiSnippet);
  return (
    <Dialog title="The same request from your code" onClose={onClose}>
      <div class="row">
        {(["curl", "openai"] as const).map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={kind === each ? "true" : "false"}
            onClick={() => setKind(each)}
          >
            {each}
          </button>
        ))}
        {snippet !== undefined && <CopyButton text={snippet} label="Copy code" />}
      </div>
      {snippet === undefined ? (
        <p>An image of this question was not sent, so there is no request yet.</p>
      ) : (
        <pre tabIndex={0}>{snippet}</pre>
      )}
      <p class="quiet">
        The gateway keeps an image for a while under its id; send it with POST /v1/images for an id
        of your own.
      </p>
    </Dialog>
  );
}

function snippetOf(
  { settings, start }: Answer,
  place: AnswerPlace,
  write: typeof curlSnippet,
): string | undefined {
  const turns = conversationOf(place.conversation)?.turns ?? [];
  const before = turns.slice(0, turns.findIndex(({ key }) => key === place.turn) + 1);
  const model = start?.model ?? session.get().model?.id ?? "";
  const isSent = before.every(({ images }) => images.every(({ upload }) => upload !== undefined));
  if (!isSent) return undefined;
  const target = { origin: location.origin, needsKey: apiKey.get().key !== undefined };
  return write(target, answerBody(model, before, settings));
}
