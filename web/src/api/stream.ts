import { ask } from "./client";
import { readEvents, type TurnEvent } from "./events";
import { ApiError } from "./problem";
import type { ChatRequest } from "./types";

/** Ask a model; the events of its answer, those together that came together. */
export async function* streamChat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<TurnEvent[]> {
  const response = await ask("v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: request.model,
      messages: request.messages,
      stream: true,
      spacebridge: { settings: request.settings, events: true },
    }),
    signal,
  });
  if (!response.body) throw new ApiError("The gateway answered with nothing.", response.status);
  const way = response.headers.get("x-spacebridge-conversation");
  if (way) yield [{ type: "conversation", way }];
  yield* readEvents(response.body);
}
