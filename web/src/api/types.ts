/** What the gateway's API says, as far as the page reads it. */

export interface Setting {
  name: string;
  label: string;
  type: string;
  default: unknown;
  choices: string[] | null;
  minimum: number | null;
  maximum: number | null;
  step: number | null;
}

export interface Space {
  state: SpaceState;
  /** Turns under way, turns that may be at once, and requests that wait for one. */
  busy: number;
  places: number;
  waiting: number;
  rests_for?: number;
  /** What the gateway waits for as it connects. */
  waits_for?: string;
  title?: string;
  gradio?: string;
  takes_files?: boolean;
  settings?: Setting[];
}

export type SpaceState = "ready" | "connecting" | "new" | "resting" | "asleep" | "away" | "unusable";

export interface Model {
  id: string;
  spacebridge: { state: SpaceState; spaces: Space[] };
}

export interface Attachment {
  url: string;
  name?: string;
  mime_type?: string | null;
  size?: number | null;
  alt_text?: string | null;
  kind?: string;
}

/** Something that the app offers as the next thing to say. */
export interface Option {
  value: string;
  label?: string;
}

export interface Step {
  id: string;
  parent?: string | null;
  title?: string;
  text?: string;
  status?: string | null;
  duration?: number | null;
}

export interface Notice {
  level: string;
  title?: string;
  text?: string;
}

/** A part of a message that is sent. */
export type Part = { type: "text"; text: string } | { type: "file"; file: { filename: string; file_data: string } };

export interface SentMessage {
  role: "system" | "user" | "assistant";
  content: string | Part[];
}

export interface ChatRequest {
  model: string;
  messages: SentMessage[];
  settings: Record<string, unknown>;
}

/** A turn that one Space has had. */
export interface PastTurn {
  /** Seconds since 1970. */
  at: number;
  first_text: number | null;
  tokens_per_second: number | null;
  queued: number | null;
  error: string | null;
}

export interface SpaceStatus {
  model: string;
  /** Which of the model's Spaces, counted from 1. */
  number: number;
  title: string | null;
  state: SpaceState;
  busy: number;
  places: number;
  waiting: number;
  turns: PastTurn[];
}

export interface Status {
  now: number;
  since: number;
  spaces: SpaceStatus[];
}
