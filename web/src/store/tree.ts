import type { Message } from "./db";

/** The messages from the first one to `leaf`. */
export function pathTo(messages: readonly Message[], leaf: string | null): Message[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  const path: Message[] = [];
  for (let at = leaf; at !== null; ) {
    const message = byId.get(at);
    if (!message || path.includes(message)) break;
    path.unshift(message);
    at = message.parent;
  }
  return path;
}

/** All messages that stand where this one stands, the oldest first. */
export function branchesOf(messages: readonly Message[], message: Message): Message[] {
  return messages
    .filter((other) => other.parent === message.parent && other.role === message.role)
    .sort((one, other) => one.created - other.created);
}

/** The end of the branch that was gone on with last, from a message on. */
export function latestLeaf(messages: readonly Message[], from: string): string {
  let leaf = from;
  for (;;) {
    const next = messages.filter((message) => message.parent === leaf).sort((a, b) => b.created - a.created)[0];
    if (!next) return leaf;
    leaf = next.id;
  }
}
