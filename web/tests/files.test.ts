import assert from "node:assert/strict";
import { test } from "node:test";
import { isListOf, ownFile } from "../src/api/files.ts";

test("a file that the gateway passes on is had by its path, and nothing else is", () => {
  const own = (address: string) => ownFile(address, "chat.example:8000");
  assert.equal(own("http://chat.example:8000/v1/attachments/aB-_9/a%20b.png"), "/v1/attachments/aB-_9/a%20b.png");
  assert.equal(own("https://chat.example:8000/v1/attachments/a/b.png?x#y"), "/v1/attachments/a/b.png");
  for (const other of [
    "http://other.example/v1/attachments/a/b.png",
    "http://chat.example/v1/attachments/a/b.png",
    "http://chat.example:8000/v1/models",
    "http://chat.example:8000/v1/attachments/../models/b.png",
    "http://chat.example:8000/v1/attachments/a/b/c.png",
    "/v1/attachments/a/b.png",
    "javascript:alert(1)",
    "",
  ]) {
    assert.equal(own(other), null, other);
  }
});

test("a text that is but the list of the files is told from one that says something", () => {
  const files = [{ url: "http://a/1.png" }, { url: "http://a/2.txt" }];
  assert.ok(isListOf("![a dot](<http://a/1.png>)\n\n[plan](<http://a/2.txt>)", files));
  assert.ok(isListOf("[plan](<http://a/2.txt>)", files));
  for (const text of [
    "",
    "Look: ![a dot](<http://a/1.png>)",
    "![a dot](<http://a/1.png>)\n\nThere.",
    "![a dot](<http://elsewhere/1.png>)",
  ]) {
    assert.equal(isListOf(text, files), false, text);
  }
});
