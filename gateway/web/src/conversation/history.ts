import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Conversation } from "./conversation.ts";

interface Schema extends DBSchema {
  readonly conversations: { readonly key: string; readonly value: Conversation };
}

let opened: Promise<IDBPDatabase<Schema>> | undefined;

/** Conversations live in this browser only. */
function database(): Promise<IDBPDatabase<Schema>> {
  opened ??= openDB<Schema>("llada-medv", 1, {
    upgrade: (created) => void created.createObjectStore("conversations", { keyPath: "key" }),
  });
  return opened;
}

/** Between the tabs of this browser: keys of conversations that were kept or forgotten. */
const tabs = new BroadcastChannel("llada-medv");

/** @param onChange Told the key of each conversation that another tab keeps anew or forgets. */
export function followHistory(onChange: (key: string) => void): void {
  tabs.addEventListener("message", ({ data }: MessageEvent<string>) => onChange(data));
}

export async function keepConversation(conversation: Conversation): Promise<void> {
  await (await database()).put("conversations", conversation);
  tellTabs(conversation.key);
}

/** All of them, the last changed one first. */
export async function readConversations(): Promise<readonly Conversation[]> {
  const all = await (await database()).getAll("conversations");
  return all.toSorted((a, b) => b.changedAt - a.changedAt);
}

export async function readConversation(key: string): Promise<Conversation | undefined> {
  return await (await database()).get("conversations", key);
}

export async function forgetConversation(key: string): Promise<void> {
  await (await database()).delete("conversations", key);
  tellTabs(key);
}

export async function forgetAll(): Promise<void> {
  const { store, done } = (await database()).transaction("conversations", "readwrite");
  const [keys] = await Promise.all([store.getAllKeys(), store.clear(), done]);
  for (const key of keys) tellTabs(key);
}

function tellTabs(key: string): void {
  // A channel has no target: it reaches this origin alone.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  tabs.postMessage(key);
}
