import assert from "node:assert/strict";
import { test } from "node:test";
import { blocksOf } from "../src/markdown/blocks.ts";
import { withDollars } from "../src/markdown/formulas.ts";
import { isAddress, isOwnPicture, unknownTagsAsText } from "../src/markdown/rules.ts";

const TEXT = "# A\n\nSome *words*.\n\n- one\n- two\n\n```js\nx\n\ny\n```\n\nThe end.";

test("blocks are cut, and nothing is lost", () => {
  assert.equal(blocksOf(TEXT).length, 5);
  assert.equal(blocksOf(TEXT).join(""), TEXT);
  assert.deepEqual(blocksOf(""), []);
});

test("a text that grows keeps the blocks that it has ended", () => {
  let before: string[] = [];
  for (let end = 0; end <= TEXT.length; end++) {
    const blocks = blocksOf(TEXT.slice(0, end));
    assert.equal(blocks.join(""), TEXT.slice(0, end), `up to ${end}`);
    const kept = before.slice(0, -2);
    assert.deepEqual(blocks.slice(0, kept.length), kept, `up to ${end}`);
    before = blocks;
  }
});

test("what belongs together is not cut", () => {
  for (const text of ["[a]\n\n[a]: https://b", "a[^1]\n\n[^1]: b", "<details>\n\na\n\n</details>", "$$\na\n\nb\n$$"]) {
    assert.deepEqual(blocksOf(text), [text]);
  }
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
    ["It is \\(x^2\\), so:\n\n\\[ a\n= b \\]", "It is $$x^2$$, so:\n\n$$a\n= b$$"],
    ["`\\(x\\)` and ``a ` \\(x\\)``", "`\\(x\\)` and ``a ` \\(x\\)``"],
    ["```tex\n\\[x\\]\n```\n\\(y\\)", "```tex\n\\[x\\]\n```\n$$y$$"],
    ["```tex\n\\[x\\] unfinished", "```tex\n\\[x\\] unfinished"],
    ["$$a \\\\[2pt] b$$", "$$a \\\\[2pt] b$$"],
    ["\\(not closed", "\\(not closed"],
    ["a (plain) [one]", "a (plain) [one]"],
  ];
  for (const [text, expected] of cases) assert.equal(withDollars(text), expected);
});
