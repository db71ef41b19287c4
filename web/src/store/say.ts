import type { Part, SentMessage } from "../api/types";
import { addAnswer, addQuestion, messagesOf, newAnswer } from "./conversations";
import { type Answer, type Conversation, db, type Message, type Question, type Upload } from "./db";
import { pathTo, toldOf } from "./tree";
import { runTurn } from "./turns";

/** Say something after `parent`, and get an answer. */
export async function say(
  conversation: Conversation,
  parent: string | null,
  text: string,
  files: Upload[],
): Promise<void> {
  const question = await addQuestion(conversation, parent, text, files);
  await answerTo(conversation, question);
}

/** Get one more answer to a question: a branch beside the others. */
export async function answerAgain(conversation: Conversation, answer: Answer): Promise<void> {
  const question = answer.parent === null ? undefined : await db.messages.get(answer.parent);
  if (question?.role === "user") await answerTo(conversation, question);
}

async function answerTo(conversation: Conversation, question: Question): Promise<void> {
  // As it is now: its settings may have been changed since it was shown.
  const current = (await db.conversations.get(conversation.id)) ?? conversation;
  const answer = newAnswer(current, question.id);
  await runTurn(answer, async () => {
    await addAnswer(answer);
    const path = pathTo(await messagesOf(current.id), question.id);
    const messages = await Promise.all(toldOf(path).map(sent));
    if (current.system.trim()) messages.unshift({ role: "system", content: current.system });
    return { model: current.model, messages, settings: current.settings };
  });
}

async function sent(message: Message): Promise<SentMessage> {
  if (message.role === "assistant" || !message.files.length) return { role: message.role, content: message.text };
  const parts: Part[] = message.text ? [{ type: "text", text: message.text }] : [];
  for (const file of message.files) {
    parts.push({ type: "file", file: { filename: file.name, file_data: await dataUrl(file.data) } });
  }
  return { role: "user", content: parts };
}

function dataUrl(data: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(new Error("A file can't be read any more."));
    reader.readAsDataURL(data);
  });
}
