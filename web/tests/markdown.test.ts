import assert from "node:assert/strict";
import { test } from "node:test";
import { Lexer } from "marked";
import { type Cut, cutMore, NOTHING, piecesOf } from "../src/markdown/blocks.ts";
import { APART, withDollars } from "../src/markdown/formulas.ts";
import { isAddress, isOwnPicture, unknownTagsAsText } from "../src/markdown/rules.ts";

const TEXT = "# A\n\nSome *words*.\n\n- one\n- two\n\n```js\nx\n\ny\n```\n\nThe end.";

const blocksOf = (text: string) => cutMore(NOTHING, text).blocks;

test("blocks are cut, and nothing is lost", () => {
  assert.equal(blocksOf(TEXT).length, 5);
  assert.equal(blocksOf(TEXT).join(""), TEXT);
  assert.deepEqual(blocksOf(""), []);
});

test("a text that grows keeps the blocks that it has ended, and is cut as if it had come at once", () => {
  let before: Cut = NOTHING;
  for (let end = 0; end <= TEXT.length; end++) {
    const text = TEXT.slice(0, end);
    const cut = cutMore(before, text);
    assert.deepEqual(cut.blocks, blocksOf(text), `up to ${end}`);
    assert.equal(cut.blocks.join(""), text);
    const kept = before.blocks.slice(0, -2);
    assert.deepEqual(cut.blocks.slice(0, kept.length), kept, `up to ${end}`);
    before = cut;
  }
});

test("of a long text that grows, only the end is looked at", (context) => {
  const begun = cutMore(NOTHING, "Some words, $$x$$.\n\n<b>Others</b>\n\n".repeat(1000));
  const looked = context.mock.method(Lexer.prototype, "blockTokens");
  assert.equal(cutMore(begun, `${begun.text}The end.`).blocks.length, 2001);
  assert.ok(String(looked.mock.calls.at(0)?.arguments.at(0)).length < 100);
});

test("what belongs together is not cut", () => {
  for (const text of [
    "<details>\n\na\n\n</details>",
    "<!-- a\n\nb -->",
    "$$\na\n\nb\n$$",
    "\\[\na\n+ b\n\\]",
    "- a\n\n  b\n- c",
  ]) {
    assert.deepEqual(blocksOf(text), [text]);
    assert.deepEqual(blocksOf(`Before\n\n${text}\n\nAfter`), ["Before\n\n", `${text}\n\n`, "After"]);
  }
  assert.equal(blocksOf("It is written `$$`.\n\n<br>\n\n```\n$$ <b>\n```\n\nAfter").length, 4);
});

test("what links refer to is known everywhere, and footnotes stand at the end of all", () => {
  const links = cutMore(NOTHING, "[a]\n\nNo link\n\n[a]: https://b");
  assert.deepEqual(piecesOf(links, false), [
    "[a]\n\n\n\n[a]: https://b",
    "No link\n\n",
    "[a]: https://b\n\n[a]: https://b",
  ]);
  const notes = cutMore(NOTHING, "a[^1]\n\n[^1]: b");
  assert.deepEqual(piecesOf(notes, true), [notes.text]);
  assert.equal(piecesOf(cutMore(NOTHING, "```\n[^1]: x\n```\n\n[b]"), false).length, 2);
  const long = cutMore(NOTHING, `${"Some words.\n\n".repeat(2000)}a[^1]\n\n[^1]: b`);
  assert.equal(piecesOf(long, true).length, 2002);
  assert.deepEqual(piecesOf(long, false), [long.text]);
});

test("a long list is cut between its items", () => {
  const list = Array.from({ length: 1000 }, (_, number) => `${number + 1}. An item\n   with a second line\n`).join("");
  const blocks = blocksOf(list);
  assert.ok(blocks.length > 10);
  assert.equal(blocks.join(""), list);
  for (const block of blocks) assert.match(block, /^\d+\. An item/);
});

test("tags that could not stand are text, others are left to the sanitiser", () => {
  const html = (value: string) => ({ type: "html", value });
  const tree = { type: "root", children: [html("<script>x</script>"), html("<img src=x>"), html("<SVG/onload=x>")] };
  unknownTagsAsText()(tree);
  assert.deepEqual(
    tree.children.map(({ type }) => type),
    ["text", "html", "text"],
  );
});

test("only an answer's own pictures are shown, and only addresses of the web are links", () => {
  assert.ok(isOwnPicture("data:image/png;base64,AAAA"));
  for (const source of ["https://a/b.png", "data:image/svg+xml;base64,AAAA", "data:text/html,x", "//a/b.png"]) {
    assert.ok(!isOwnPicture(source), source);
  }
  assert.ok(isAddress("https://a") && isAddress("mailto:a@b"));
  for (const address of ["javascript:x", "/v1/models", "//a", "data:text/html,x", " https://a", "vbscript:x", ""]) {
    assert.ok(!isAddress(address), address);
  }
});

test("formulas in LaTeX's brackets are formulas, but not in code", () => {
  const cases: [string, string][] = [
    ["It is \\(x^2\\), so:\n\n\\[ a\n= b \\]", `It is $$x^2$$, so:\n\n$$${APART}a = b$$`],
    ["$$\na % note\n+ 5 \\% b\n$$ and $$c$$", `$$${APART}a + 5 \\% b$$ and $$c$$`],
    ["`\\(x\\)` and ``a ` \\(x\\)``", "`\\(x\\)` and ``a ` \\(x\\)``"],
    ["```tex\n\\[x\\]\n```\n\\(y\\)", "```tex\n\\[x\\]\n```\n$$y$$"],
    ["```tex\n\\[x\\] unfinished", "```tex\n\\[x\\] unfinished"],
    ["$$a \\\\[2pt] b$$", "$$a \\\\[2pt] b$$"],
    ["\\(not closed", "\\(not closed"],
    ["a (plain) [one]", "a (plain) [one]"],
  ];
  for (const [text, expected] of cases) assert.equal(withDollars(text), expected);
});
