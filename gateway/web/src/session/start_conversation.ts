import { newConversation } from "../conversation/conversation.ts";
import { EMPTY_DRAFT, session } from "./session.ts";

/** Shows an empty conversation. */
export function startConversation(): void {
  const fresh = newConversation();
  history.replaceState(undefined, "", location.pathname);
  session.set((state) => ({
    ...state,
    conversations: [fresh, ...state.conversations.filter(({ turns }) => turns.length > 0)],
    currentKey: fresh.key,
    draft: EMPTY_DRAFT,
    problem: undefined,
  }));
}
