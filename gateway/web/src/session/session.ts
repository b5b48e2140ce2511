import { useSyncExternalStore } from "hono/jsx/dom";
import type { Model } from "../api/models.ts";
import type { Problem } from "../api/problem.ts";
import {
  type AnswerSettings,
  type Conversation,
  type Draft,
  newConversation,
  type Turn,
} from "../conversation/conversation.ts";
import { keepConversation } from "../conversation/history.ts";
import { createStore } from "../store.ts";

/** Everything that the page shows. */
export type Session = {
  readonly model: Model | undefined;
  /** Why something outside a conversation did not work. */
  readonly problem: Problem | undefined;
  readonly settings: AnswerSettings;
  /** The kept ones and the one at hand. */
  readonly conversations: readonly Conversation[];
  readonly currentKey: string;
  readonly draft: Draft;
};

export const EMPTY_DRAFT: Draft = { question: "", images: [] };

const first = newConversation();

export const session = createStore<Session>({
  model: undefined,
  problem: undefined,
  settings: { profile: "", genLength: 64 },
  conversations: [first],
  currentKey: first.key,
  draft: EMPTY_DRAFT,
});

/** The session, for a component that is drawn again whenever it changes. */
export function useSession(): Session {
  return useSyncExternalStore(session.subscribe, session.get);
}

/** The turns of the conversation at hand. */
export function currentTurns({ conversations, currentKey }: Session): readonly Turn[] {
  return conversations.find(({ key }) => key === currentKey)?.turns ?? [];
}

export function conversationOf(key: string): Conversation | undefined {
  return session.get().conversations.find((conversation) => conversation.key === key);
}

/** Changes one conversation, shown or not. */
export function changeConversation(
  key: string,
  change: (conversation: Conversation) => Conversation,
): void {
  session.set((state) => ({
    ...state,
    conversations: state.conversations.map((each) => (each.key === key ? change(each) : each)),
  }));
}

/** Names the conversation in the address, for when the page is loaded anew; no step that "back" would go. */
export function nameInAddress(key: string): void {
  history.replaceState(undefined, "", key === "" ? location.pathname : `#${key}`);
}

/** Writes one conversation into the browser's store; where that is refused, the page says so. */
export async function saveConversation(key: string): Promise<void> {
  const conversation = conversationOf(key);
  if (conversation === undefined || conversation.turns.length === 0) return;
  await keepConversation(conversation).catch(reportStorage);
}

/** Says that the browser does not keep conversations. */
export function reportStorage(error: unknown): void {
  const detail = error instanceof Error ? error.message : String(error);
  session.set((state) => ({ ...state, problem: { code: "no_storage", detail } }));
}
