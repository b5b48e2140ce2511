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

export async function keepConversation(conversation: Conversation): Promise<void> {
  await (await database()).put("conversations", conversation);
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
}

export async function forgetAll(): Promise<void> {
  await (await database()).clear("conversations");
}
