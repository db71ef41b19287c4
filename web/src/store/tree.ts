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

/** What refuses the request itself: asked again in the same words, it would be refused again. */
const REFUSALS = new Set([400, 413, 422]);

/**
 * What of a branch the app is told: what had no answer, too, but not what was refused, such as a file that is too large. It
 * would have all that follows refused.
 */
export function toldOf(path: readonly Message[]): Message[] {
  return path.filter((message, number) => {
    if (message.role === "assistant") return Boolean(message.text);
    const next = path[number + 1];
    return !(next?.role === "assistant" && !next.text && next.failure && REFUSALS.has(next.failure.status));
  });
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
