import assert from "node:assert/strict";
import { test } from "node:test";
import type { TurnEvent } from "../src/api/events";
import type { Answer } from "../src/store/db";
import { after, type Turn } from "../src/store/turn.ts";

const ANSWER = {
  text: "",
  reasoning: "",
  steps: [],
  notices: [],
  attachments: [],
  firstText: null,
} as unknown as Answer;
const BEGUN: Turn = { answer: ANSWER, queue: null, waiting: "", started: false };

function told(...events: TurnEvent[]): Turn {
  return events.reduce((turn, event, number) => after(turn, event, 100 * (number + 1)), BEGUN);
}

test("text and reasoning grow apart, and the time of the first of them is kept", () => {
  const { answer } = told(
    { type: "reasoning", text: "Hm. " },
    { type: "text", text: "It " },
    { type: "reasoning", text: "Yes." },
    { type: "text", text: "holds." },
  );
  assert.deepEqual([answer.reasoning, answer.text, answer.firstText], ["Hm. Yes.", "It holds.", 100]);
});

test("what is waited for goes when the app begins", () => {
  const queued = told({ type: "waiting", text: "It wakes." }, { type: "queued", rank: 1, size: 2, eta: 3 });
  assert.deepEqual([queued.waiting, queued.queue?.rank], ["", 1]);
  const started = after(queued, { type: "started" }, 1);
  assert.deepEqual([started.queue, started.started], [null, true]);
});

test("a step that is told again takes the place of what was told of it", () => {
  const step = (id: string, status: string): TurnEvent => ({ type: "step", step: { id, status } });
  const { answer } = told(step("1", "pending"), step("2", "pending"), step("1", "done"));
  assert.deepEqual(
    answer.steps.map(({ id, status }) => `${id} ${status}`),
    ["1 done", "2 pending"],
  );
});

test("progress is no notice", () => {
  const turn = told(
    { type: "notice", notice: { level: "progress", title: "Loading", text: "3 of 4" } },
    { type: "notice", notice: { level: "warning", text: "Mind the gap" } },
  );
  assert.equal(turn.waiting, "Loading: 3 of 4");
  assert.deepEqual(turn.answer.notices, [{ level: "warning", text: "Mind the gap" }]);
});

test("an answer that was rewritten is as the app finally shows it", () => {
  assert.equal(told({ type: "text", text: "I guess." }, { type: "replaced", text: "I know." }).answer.text, "I know.");
});
