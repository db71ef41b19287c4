import { createParser } from "eventsource-parser";
import { ApiError, problemOf } from "./problem.ts";
import type { Attachment, Notice, Option, Step } from "./types";

export type TurnEvent =
  | { type: "text"; text: string }
  | { type: "reasoning"; text: string }
  | { type: "queued"; rank: number | null; size: number | null; eta: number | null }
  | { type: "started" }
  /** What is waited for before the Space has the turn, such as that it wakes. */
  | { type: "waiting"; text: string }
  | { type: "step"; step: Step }
  | { type: "notice"; notice: Notice }
  | { type: "attachment"; attachment: Attachment }
  /** An attachment is no part of the answer any more. */
  | { type: "removed"; attachment: Attachment }
  | { type: "offered"; options: Option[] }
  /** How the app knows what was said before. */
  | { type: "conversation"; way: string }
  /** The answer as the app finally shows it, where it has changed what it had said. */
  | { type: "replaced"; text: string }
  | { type: "rethought"; text: string };

interface Chunk {
  error?: unknown;
  choices?: { delta?: { content?: string | null; reasoning_content?: string | null } }[];
  spacebridge?: { event?: Record<string, unknown>; text?: string; reasoning?: string };
}

/** The events of a stream; an error where it tells of one, or where it is cut before its end. */
export async function* readEvents(body: ReadableStream<BufferSource>): AsyncGenerator<TurnEvent[]> {
  let events: TurnEvent[] = [];
  let done = false;
  let failure: ApiError | null = null;
  const parser = createParser({
    onComment: (comment) => events.push(...readComment(comment.trim())),
    onEvent: ({ data }) => {
      if (data === "[DONE]") {
        done = true;
        return;
      }
      const chunk = JSON.parse(data) as Chunk;
      if (chunk.error) failure = problemOf(chunk, 200);
      else events.push(...readChunk(chunk));
    },
  });
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    // Up to the end of the stream: leaving it before would look to the gateway as if the user had gone.
    while (!failure) {
      const read = await reader.read();
      if (read.done) break;
      parser.feed(read.value);
      if (events.length) {
        yield events;
        events = [];
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  if (failure) throw failure;
  if (!done) throw new ApiError("The connection was lost before the answer was complete.", 0, "connection_lost");
}

function readChunk(chunk: Chunk): TurnEvent[] {
  const events: TurnEvent[] = [];
  const delta = chunk.choices?.[0]?.delta;
  if (delta?.reasoning_content) events.push({ type: "reasoning", text: delta.reasoning_content });
  if (delta?.content) events.push({ type: "text", text: delta.content });
  if (chunk.spacebridge?.event) events.push(...readEvent(chunk.spacebridge.event));
  if (typeof chunk.spacebridge?.text === "string") events.push({ type: "replaced", text: chunk.spacebridge.text });
  if (typeof chunk.spacebridge?.reasoning === "string") {
    events.push({ type: "rethought", text: chunk.spacebridge.reasoning });
  }
  return events;
}

/** An event of the library, which the field `spacebridge` tells. */
function readEvent(event: Record<string, unknown>): TurnEvent[] {
  switch (event.type) {
    case "queued":
      return [{ type: "queued", rank: numberOf(event.rank), size: numberOf(event.size), eta: numberOf(event.eta) }];
    case "started":
      return [{ type: "started" }];
    case "tool":
      return [{ type: "step", step: event as unknown as Step }];
    case "notice":
      return [{ type: "notice", notice: event as unknown as Notice }];
    case "attachment":
      return [{ type: "attachment", attachment: event.attachment as Attachment }];
    case "attachment_removed":
      return [{ type: "removed", attachment: event.attachment as Attachment }];
    case "offered":
      return [{ type: "offered", options: event.options as Option[] }];
    case "uploading":
      return [
        { type: "waiting", text: uploadingText(String(event.name), numberOf(event.sent), numberOf(event.total)) },
      ];
    default:
      return [];
  }
}

/** Until the Space has the turn, comments tell what is waited for. */
function readComment(comment: string): TurnEvent[] {
  if (!comment || comment === "keep-alive" || comment === "waiting") return [];
  if (!comment.startsWith("queued")) return [{ type: "waiting", text: comment }];
  const told = new Map([...comment.matchAll(/(\w+)=([\d.]+)/g)].map((found) => [found[1], Number(found[2])]));
  return [
    { type: "queued", rank: told.get("rank") ?? null, size: told.get("size") ?? null, eta: told.get("eta") ?? null },
  ];
}

function uploadingText(name: string, sent: number | null, total: number | null): string {
  const share = sent !== null && total ? ` (${Math.round((100 * sent) / total)} %)` : "";
  return `${name} is on its way to the app${share}.`;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
