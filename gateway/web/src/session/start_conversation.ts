import { newConversation } from "../conversation/conversation.ts";
import { nameInAddress, session } from "./session.ts";

/** Shows an empty conversation; what is written but not asked yet stays. */
export function startConversation(): void {
  const fresh = newConversation();
  nameInAddress("");
  session.set((state) => ({
    ...state,
    conversations: [fresh, ...state.conversations.filter(({ turns }) => turns.length > 0)],
    currentKey: fresh.key,
    problem: undefined,
  }));
}
