import Dexie, { type Table } from "dexie";
import type { Attachment, Notice, Option, Step } from "../api/types";

/** What was said to whom. */
export interface Conversation {
  id: string;
  title: string;
  /** Whether the user gave the title. */
  renamed: boolean;
  model: string;
  system: string;
  settings: Record<string, unknown>;
  created: number;
  updated: number;
  /** The last message of the branch that is shown. */
  leaf: string | null;
}

export interface Upload {
  name: string;
  type: string;
  data: Blob;
}

export type AnswerState = "running" | "done" | "stopped" | "failed";

export interface Failure {
  message: string;
  status: number;
  code: string | null;
  retryAfter: number | null;
}

export interface Question {
  id: string;
  conversation: string;
  /** The message that it follows; messages with the same one are branches. */
  parent: string | null;
  role: "user";
  created: number;
  text: string;
  files: Upload[];
}

export interface Answer {
  id: string;
  conversation: string;
  parent: string | null;
  role: "assistant";
  created: number;
  /** When something of it was written last. */
  touched: number;
  model: string;
  state: AnswerState;
  text: string;
  reasoning: string;
  steps: Step[];
  notices: Notice[];
  attachments: Attachment[];
  options: Option[];
  failure: Failure | null;
  /** Milliseconds until the first text, and until the end. */
  firstText: number | null;
  duration: number | null;
  /** How the app knew what was said before, as the gateway calls it. */
  way: string | null;
}

export type Message = Question | Answer;

class Database extends Dexie {
  declare conversations: Table<Conversation, string>;
  declare messages: Table<Message, string>;

  constructor() {
    super("spacebridge");
    this.version(1).stores({ conversations: "id, updated", messages: "id, conversation" });
  }
}

/** Everything is kept in this browser alone. */
export const db = new Database();

/** An id; `crypto.randomUUID` is only there where the page came by https or from this machine. */
export function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
