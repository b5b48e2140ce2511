import { readModel } from "../api/models.ts";
import { problemOf } from "../api/problem.ts";
import type { Conversation } from "../conversation/conversation.ts";
import { forgetAll, forgetConversation, readConversations } from "../conversation/history.ts";
import { resumeConversation, stopConversation } from "./run_answer.ts";
import { discardUnused } from "./send_image.ts";
import { nameInAddress, reportStorage, session } from "./session.ts";
import { shareHistory } from "./share_history.ts";
import { startConversation } from "./start_conversation.ts";

/** Reads what the browser kept and which model is served; answers that were under way are taken up. */
export async function openSession(): Promise<void> {
  await Promise.all([openHistory(), openModel()]);
}

/** How long to wait for a gateway or a model that is not there, in milliseconds. */
const MODEL_RETRY_MS = 3000;

/** Asks which model is served, until one is. */
export async function openModel(): Promise<void> {
  try {
    const model = await readModel();
    session.set((state) => ({
      ...state,
      model,
      // That the browser keeps nothing stays true.
      problem: state.problem?.code === "no_storage" ? state.problem : undefined,
      settings: {
        ...state.settings,
        profile: model.default_profile ?? model.profiles[0] ?? "",
        genLength: model.default_gen_length ?? state.settings.genLength,
      },
    }));
  } catch (error) {
    session.set((state) => ({ ...state, problem: problemOf(error) }));
    setTimeout(() => void openModel(), MODEL_RETRY_MS);
  }
}

/** Shows a kept conversation. */
export function openConversation(key: string): void {
  nameInAddress(key);
  session.set((state) => ({ ...state, currentKey: key, problem: undefined }));
}

/** Takes a conversation out of the browser, and its images from the gateway. */
export async function forget(key: string): Promise<void> {
  const { conversations, currentKey } = session.get();
  const gone = conversations.filter((conversation) => conversation.key === key);
  session.set((state) => ({
    ...state,
    conversations: state.conversations.filter((conversation) => conversation.key !== key),
  }));
  if (currentKey === key) startConversation();
  await forgetConversation(key).catch(reportStorage);
  letGo(gone);
}

/** Takes every conversation out of the browser, and their images from the gateway. */
export async function forgetEverything(): Promise<void> {
  const gone = session.get().conversations;
  session.set((state) => ({ ...state, conversations: [] }));
  startConversation();
  await forgetAll().catch(reportStorage);
  letGo(gone);
}

/** The gateway is told when the browser has forgotten already: it may be away. */
function letGo(gone: readonly Conversation[]): void {
  for (const { key, turns } of gone) {
    void stopConversation(key, turns);
    discardUnused(turns.flatMap(({ images }) => images));
  }
}

async function openHistory(): Promise<void> {
  const kept = await readConversations().catch((error: unknown) => {
    reportStorage(error);
    return [];
  });
  const wanted = kept.find(({ key }) => key === location.hash.slice(1));
  session.set((state) => ({
    ...state,
    conversations: [...state.conversations, ...kept],
    currentKey: wanted?.key ?? state.currentKey,
  }));
  for (const conversation of kept) resumeConversation(conversation);
  shareHistory();
}
