import type { Conversation, Turn } from "../conversation/conversation.ts";
import { followHistory, readConversation } from "../conversation/history.ts";
import { abandon, isFollowed, resumeConversation } from "./run_answer.ts";
import { conversationOf, reportStorage, session } from "./session.ts";
import { startConversation } from "./start_conversation.ts";

/** Takes over what other tabs of this browser do to the conversations. */
export function shareHistory(): void {
  followHistory((key) => {
    takeOver(key).catch(reportStorage);
  });
}

async function takeOver(key: string): Promise<void> {
  const kept = await readConversation(key);
  const own = conversationOf(key);
  if (kept === undefined) {
    abandon(key);
    if (session.get().currentKey === key) startConversation();
    session.set((state) => ({
      ...state,
      conversations: state.conversations.filter((each) => each.key !== key),
    }));
    return;
  }
  if (own !== undefined && isNewer(own, kept)) return;
  session.set((state) => ({
    ...state,
    conversations:
      own === undefined
        ? [kept, ...state.conversations]
        : state.conversations.map((each) => (each.key === key ? kept : each)),
  }));
  if (canFollow(kept)) resumeConversation(kept);
}

/** What is under way here is kept by this tab when it ends, and what has ended here has its times. */
function isNewer(own: Conversation, kept: Conversation): boolean {
  if (isFollowed(own) || own.changedAt > kept.changedAt) return true;
  return own.changedAt === kept.changedAt && own.turns.every(hasEnded);
}

/** An answer that failed here may have come to its end where it was asked for. */
function hasEnded({ answers }: Turn): boolean {
  return answers.every(({ status }) => status === "done" || status === "stopped");
}

/** Until an answer has an id, only the tab that asked for it can follow it; the next message has the id. */
function canFollow({ turns }: Conversation): boolean {
  return turns.every(({ answers }) =>
    answers.every(({ status, answerId }) => status !== "running" || answerId !== undefined),
  );
}
