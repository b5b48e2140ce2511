import { useState } from "hono/jsx/dom";
import type { Conversation } from "../conversation/conversation.ts";
import { forget, forgetEverything, openConversation } from "../session/open.ts";
import { useSession } from "../session/session.ts";
import { Dialog } from "./dialog.tsx";

/** The conversations that this browser keeps. */
export function HistoryDialog({ onClose }: { readonly onClose: () => void }) {
  const { conversations } = useSession();
  const [isAsked, setIsAsked] = useState(false);
  const kept = conversations.filter(({ turns }) => turns.length > 0);
  const open = (key: string): void => {
    openConversation(key);
    onClose();
  };
  return (
    <Dialog title="Conversations" onClose={onClose}>
      <p class="quiet">
        They are kept in this browser alone. The gateway keeps their images and answers for a while,
        and lets go of an image that is deleted here.
      </p>
      {kept.length === 0 && <p>There is none yet.</p>}
      <ul class="history">
        {kept.map((conversation) => (
          <li key={conversation.key}>
            <button type="button" class="wide" onClick={() => open(conversation.key)}>
              {titleOf(conversation)}
              <small>{new Date(conversation.changedAt).toLocaleString()}</small>
            </button>
            <button
              type="button"
              aria-label={`Delete “${titleOf(conversation)}”`}
              onClick={() => void forget(conversation.key)}
            >
              Delete
            </button>
          </li>
        ))}
      </ul>
      {kept.length > 0 && (
        <button
          type="button"
          class="danger"
          onClick={() => {
            if (isAsked) void forgetEverything();
            setIsAsked(!isAsked);
          }}
        >
          {isAsked ? `Really delete all ${kept.length}` : "Delete all"}
        </button>
      )}
    </Dialog>
  );
}

function titleOf({ turns }: Conversation): string {
  const question = turns[0]?.question ?? "";
  return question.length > 60 ? `${question.slice(0, 59)}…` : question;
}
