import { type Answer, type Conversation, db, type Message, newId, type Question, type Upload } from "./db";
import { latestLeaf } from "./tree";

const LONGEST_TITLE = 80;

export async function createConversation(
  how: Pick<Conversation, "model" | "system" | "settings">,
): Promise<Conversation> {
  const now = Date.now();
  const conversation = {
    ...how,
    id: newId(),
    title: "New conversation",
    renamed: false,
    created: now,
    updated: now,
    leaf: null,
  };
  await db.conversations.add(conversation);
  return conversation;
}

export async function changeConversation(id: string, change: Partial<Conversation>): Promise<void> {
  await db.conversations.update(id, change);
}

export async function renameConversation(id: string, title: string): Promise<void> {
  await changeConversation(id, { title: title.trim() || "Untitled", renamed: true });
}

export async function deleteConversation(id: string): Promise<void> {
  await db.transaction("rw", db.conversations, db.messages, async () => {
    await db.messages.where("conversation").equals(id).delete();
    await db.conversations.delete(id);
  });
}

/** Add what the user says after `parent`, and go on from there. */
export async function addQuestion(
  conversation: Conversation,
  parent: string | null,
  text: string,
  files: Upload[],
): Promise<Question> {
  const question: Question = {
    id: newId(),
    conversation: conversation.id,
    parent,
    role: "user",
    created: Date.now(),
    text,
    files,
  };
  await db.transaction("rw", db.conversations, db.messages, async () => {
    await db.messages.add(question);
    const title = parent === null && !conversation.renamed ? { title: titleOf(text, files) } : {};
    await db.conversations.update(conversation.id, { ...title, leaf: question.id, updated: question.created });
  });
  return question;
}

/** An answer that is about to come. */
export function newAnswer(conversation: Conversation, parent: string): Answer {
  const now = Date.now();
  return {
    id: newId(),
    conversation: conversation.id,
    parent,
    role: "assistant",
    created: now,
    touched: now,
    model: conversation.model,
    state: "running",
    text: "",
    reasoning: "",
    steps: [],
    notices: [],
    attachments: [],
    options: [],
    failure: null,
    firstText: null,
    duration: null,
    way: null,
  };
}

export async function addAnswer(answer: Answer): Promise<void> {
  await db.transaction("rw", db.conversations, db.messages, async () => {
    await db.messages.add(answer);
    await db.conversations.update(answer.conversation, { leaf: answer.id, updated: answer.created });
  });
}

export async function messagesOf(conversation: string): Promise<Message[]> {
  return db.messages.where("conversation").equals(conversation).toArray();
}

/** Show the branch in which a message stands, as it was gone on with last. */
export async function showBranch(message: Message): Promise<void> {
  const messages = await messagesOf(message.conversation);
  await changeConversation(message.conversation, { leaf: latestLeaf(messages, message.id) });
}

/** The conversations in whose title or messages all words stand, the newest first. */
export async function findConversations(words: string): Promise<Conversation[]> {
  const all = await db.conversations.orderBy("updated").reverse().toArray();
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (!wanted.length) return all;
  const texts = new Map(all.map((conversation) => [conversation.id, conversation.title.toLowerCase()]));
  await db.messages.each((message) => {
    texts.set(message.conversation, `${texts.get(message.conversation) ?? ""}\n${message.text.toLowerCase()}`);
  });
  return all.filter((conversation) => wanted.every((word) => texts.get(conversation.id)?.includes(word)));
}

function titleOf(text: string, files: Upload[]): string {
  const line = text.trim().split("\n")[0]?.trim() || files.map((file) => file.name).join(", ");
  return line.length > LONGEST_TITLE ? `${line.slice(0, LONGEST_TITLE - 1)}…` : line || "New conversation";
}
