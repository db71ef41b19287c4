import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../src/store/db";
import { branchesOf, latestLeaf, pathTo, toldOf } from "../src/store/tree.ts";

function message(id: string, parent: string | null, created: number): Message {
  const role = id.startsWith("q") ? "user" : "assistant";
  return { id, parent, role, created, conversation: "c", text: id } as Message;
}

/** q1 has two answers; after the first come two questions. */
const MESSAGES = [
  message("a1-again", "q1", 9),
  message("q1", null, 1),
  message("a1", "q1", 2),
  message("q2", "a1", 3),
  message("a2", "q2", 4),
  message("q2-edited", "a1", 5),
  message("a2-edited", "q2-edited", 6),
];
const [again, , first] = MESSAGES as [Message, Message, Message];
const ids = (messages: Message[]) => messages.map(({ id }) => id);

test("a branch is the way from the first message to its leaf", () => {
  assert.deepEqual(ids(pathTo(MESSAGES, "a2")), ["q1", "a1", "q2", "a2"]);
  assert.deepEqual(ids(pathTo(MESSAGES, "a1-again")), ["q1", "a1-again"]);
  assert.deepEqual(pathTo(MESSAGES, null), []);
  assert.deepEqual(pathTo(MESSAGES, "gone"), []);
});

test("messages that follow upon themselves end", () => {
  const circle = [message("q1", "a1", 1), message("a1", "q1", 2)];
  assert.deepEqual(ids(pathTo(circle, "a1")), ["q1", "a1"]);
});

test("branches stand in the order in which they were begun", () => {
  assert.deepEqual(ids(branchesOf(MESSAGES, again)), ["a1", "a1-again"]);
});

test("a branch is shown as it was gone on with last", () => {
  assert.equal(latestLeaf(MESSAGES, first.id), "a2-edited");
  assert.equal(latestLeaf(MESSAGES, again.id), "a1-again");
});

test("what was refused is not told again, what failed in another way is", () => {
  const failed = (status: number): Message => ({ ...message("a", "q1", 2), text: "", failure: { status } }) as Message;
  const [question, next] = [message("q1", null, 1), message("q2", "a", 3)];
  assert.deepEqual(ids(toldOf([question, failed(413), next])), ["q2"]);
  assert.deepEqual(ids(toldOf([question, failed(502), next])), ["q1", "q2"]);
  assert.deepEqual(ids(toldOf([question, { ...failed(400), text: "Begun" } as Message, next])), ["q1", "a", "q2"]);
  assert.deepEqual(ids(toldOf([question])), ["q1"]);
});
