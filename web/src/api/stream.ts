import { ask } from "./client";
import { readEvents, type TurnEvent } from "./events";
import { watchOver } from "./heartbeat";
import { ApiError } from "./problem";
import type { ChatRequest } from "./types";

/** Ask a model; the events of its answer, those together that came together. */
export async function* streamChat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<TurnEvent[]> {
  const lost = new AbortController();
  const { heard, stop } = watchOver(() => lost.abort());
  try {
    const response = await ask("v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: request.model,
        messages: request.messages,
        stream: true,
        spacebridge: { settings: request.settings, events: true },
      }),
      signal: AbortSignal.any([signal, lost.signal]),
    });
    if (!response.body) throw new ApiError("The gateway answered with nothing.", response.status);
    const way = response.headers.get("x-spacebridge-conversation");
    if (way) yield [{ type: "conversation", way }];
    yield* readEvents(response.body.pipeThrough(passing(heard)));
  } catch (error) {
    if (!lost.signal.aborted || signal.aborted) throw error;
    throw new ApiError("The connection was lost: the gateway does not answer any more.", 0, "connection_lost");
  } finally {
    stop();
  }
}

function passing(heard: () => void): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  return new TransformStream({
    transform: (piece, controller) => {
      heard();
      controller.enqueue(piece);
    },
  });
}
