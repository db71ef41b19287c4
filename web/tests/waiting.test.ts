import assert from "node:assert/strict";
import { test } from "node:test";
import { secondsText } from "../src/chat/waiting.ts";

test("seconds are told as people write them", () => {
  const told = [0, 0.02, 0.96, 2, 9.96, 94.4, 100, 120, 599.6, 600, 3599.7, 3600, 7500].map(secondsText);
  assert.deepEqual(told, [
    "0 s",
    "0.1 s",
    "1.0 s",
    "2 s",
    "10 s",
    "94 s",
    "1 min 40 s",
    "2 min",
    "10 min",
    "10 min",
    "1 h",
    "1 h",
    "2 h 5 min",
  ]);
});
