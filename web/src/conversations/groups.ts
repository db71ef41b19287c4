import type { Conversation } from "../store/db";

const DAY = 24 * 3600 * 1000;

/** Conversations by when they were gone on with last, the newest first. */
export function grouped(conversations: Conversation[], now: number): [string, Conversation[]][] {
  const today = new Date(now).setHours(0, 0, 0, 0);
  const groups: [string, number][] = [
    ["Today", today],
    ["Yesterday", today - DAY],
    ["Last seven days", today - 7 * DAY],
    ["Earlier", Number.NEGATIVE_INFINITY],
  ];
  const found = new Map<string, Conversation[]>();
  for (const conversation of conversations) {
    const title = groups.find(([, since]) => conversation.updated >= since)?.[0] ?? "Earlier";
    found.set(title, [...(found.get(title) ?? []), conversation]);
  }
  return [...found];
}
