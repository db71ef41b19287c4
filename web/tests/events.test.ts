import assert from "node:assert/strict";
import { test } from "node:test";
import { readEvents, type TurnEvent } from "../src/api/events.ts";
import { ApiError } from "../src/api/problem.ts";

const chunk = (delta: object, more: object = {}) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta }], ...more })}\n\n`;

const STREAM = [
  ": waiting\n\n",
  ": The Space wakes.\n\n",
  ": queued rank=3 size=7 eta=12.5\n\n",
  chunk({}, { spacebridge: { event: { type: "queued", rank: 2, size: 7, eta: null } } }),
  ": keep-alive\n\n",
  chunk({}, { spacebridge: { event: { type: "started" } } }),
  chunk({ reasoning_content: "Höher? ", reasoning: "Höher? " }),
  chunk({ content: "Über 🌉 " }),
  chunk({}, { spacebridge: { event: { type: "tool", id: "1", title: "measure" } } }),
  chunk({}, { spacebridge: { event: { type: "something new" } } }),
  chunk({}, { spacebridge: { event: { type: "uploading", name: "plan.txt", sent: 5, total: 10 } } }),
  chunk({}, { spacebridge: { event: { type: "attachment", attachment: { url: "https://a/b.png" } } } }),
  chunk({}, { spacebridge: { event: { type: "attachment_removed", attachment: { url: "https://a/b.png" } } } }),
  chunk({}, { spacebridge: { event: { type: "offered", options: [{ value: "tea", label: "Tea, please" }] } } }),
  chunk({ content: "die Brücke" }),
  chunk({}, { spacebridge: { text: "Über die Brücke", reasoning: "Hoch." } }),
  "data: [DONE]\n\n",
].join("");

function streamOf(...parts: Uint8Array[]): ReadableStream<BufferSource> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part as Uint8Array<ArrayBuffer>);
      controller.close();
    },
  });
}

async function eventsOf(...parts: Uint8Array[]): Promise<TurnEvent[]> {
  const found: TurnEvent[] = [];
  for await (const events of readEvents(streamOf(...parts))) found.push(...events);
  return found;
}

const bytes = new TextEncoder().encode(STREAM);

test("a stream tells what is waited for, and then the answer", async () => {
  assert.deepEqual(await eventsOf(bytes), [
    { type: "waiting", text: "The Space wakes." },
    { type: "queued", rank: 3, size: 7, eta: 12.5 },
    { type: "queued", rank: 2, size: 7, eta: null },
    { type: "started" },
    { type: "reasoning", text: "Höher? " },
    { type: "text", text: "Über 🌉 " },
    { type: "step", step: { type: "tool", id: "1", title: "measure" } },
    { type: "waiting", text: "plan.txt is on its way to the app (50 %)." },
    { type: "attachment", attachment: { url: "https://a/b.png" } },
    { type: "removed", attachment: { url: "https://a/b.png" } },
    { type: "offered", options: [{ value: "tea", label: "Tea, please" }] },
    { type: "text", text: "die Brücke" },
    { type: "replaced", text: "Über die Brücke" },
    { type: "rethought", text: "Hoch." },
  ]);
});

test("it makes no difference where the bytes are cut", async () => {
  const whole = await eventsOf(bytes);
  for (let at = 0; at <= bytes.length; at++) {
    assert.deepEqual(await eventsOf(bytes.slice(0, at), bytes.slice(at)), whole, `cut at ${at}`);
  }
});

test("an error in the stream is one, after what came before it", async () => {
  const failing = `${chunk({ content: "Half" })}data: {"error": {"message": "It fell.", "code": "app_failed"}}\n\n`;
  const seen: TurnEvent[] = [];
  const reading = async () => {
    for await (const events of readEvents(streamOf(new TextEncoder().encode(failing)))) seen.push(...events);
  };
  await assert.rejects(reading, (error) => error instanceof ApiError && error.message === "It fell.");
  assert.deepEqual(seen, [{ type: "text", text: "Half" }]);
});

test("a stream that is cut before its end is an error", async () => {
  await assert.rejects(eventsOf(bytes.slice(0, bytes.length - 14)), /before the answer was complete/);
});
