import type { Conversation, Message } from "./db";
import { pathTo } from "./tree.ts";

/** The branch that is shown, as Markdown. */
export function toMarkdown(conversation: Conversation, messages: readonly Message[]): string {
  const parts = [`# ${conversation.title}`, `*${conversation.model}, ${new Date(conversation.created).toISOString()}*`];
  if (conversation.system.trim()) parts.push("## System", conversation.system.trim());
  for (const message of pathTo(messages, conversation.leaf)) {
    if (message.role === "user") {
      parts.push("## You", ...message.files.map((file) => `*Attached: ${file.name}*`), message.text);
      continue;
    }
    parts.push(`## ${message.model}`);
    if (message.reasoning) {
      const fold = ["<details><summary>Reasoning</summary>", message.reasoning.trim(), "</details>"];
      parts.push(...fold);
    }
    if (message.text) parts.push(message.text);
    parts.push(...message.attachments.map((file) => `[${file.name || "attachment"}](<${file.url}>)`));
    if (message.state !== "done") parts.push(`*${message.failure?.message ?? "Stopped."}*`);
  }
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

/** All of it, with every branch; files as base64. */
export async function toJson(conversation: Conversation, messages: readonly Message[]): Promise<string> {
  const plain = await Promise.all(
    messages.map(async (message) =>
      message.role === "user" ? { ...message, files: await Promise.all(message.files.map(plainFile)) } : message,
    ),
  );
  return `${JSON.stringify({ format: "spacebridge-conversation", version: 1, ...conversation, messages: plain }, null, 2)}\n`;
}

async function plainFile(file: { name: string; type: string; data: Blob }) {
  const bytes = new Uint8Array(await file.data.arrayBuffer());
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return { name: file.name, type: file.type, data: btoa(binary) };
}

/** Hand a text to the user as a file. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A title as the name of a file. */
export function fileName(title: string, ending: string): string {
  const plain = title.replace(/[^\p{L}\p{N} _-]+/gu, "").trim();
  return `${plain.slice(0, 60) || "conversation"}.${ending}`;
}
