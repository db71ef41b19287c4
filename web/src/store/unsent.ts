import type { Upload } from "./db";

export interface Unsent {
  text: string;
  files: Upload[];
}

const unsent = new Map<string, Unsent>();

/** What was written in a conversation and not sent yet: it stays while the user looks at something else. */
export function readUnsent(conversation: string): Unsent {
  return unsent.get(conversation) ?? { text: "", files: [] };
}

export function keepUnsent(conversation: string, what: Unsent): void {
  if (what.text || what.files.length) unsent.set(conversation, what);
  else unsent.delete(conversation);
}
