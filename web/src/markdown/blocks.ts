import { Lexer, type Token, type Tokens } from "marked";

/** Markdown that was cut into its top-level blocks, so that an answer that grows is not drawn anew as a whole. */
export interface Cut {
  readonly text: string;
  /** Joined, they are the text. */
  readonly blocks: readonly string[];
}

export const NOTHING: Cut = { text: "", blocks: [] };

/** A growing text with footnotes is drawn as a whole up to this length; beyond it they come once it is complete. */
const MOST_AS_A_WHOLE = 20_000;
/** A longer list is cut between its items. */
const LONG_LIST = 4_000;

const FENCE = /^ {0,3}(?:```|~~~)/;
const FOOTNOTE = /^ {0,3}\[\^[^\]\n]+\]:/m;
const DEFINITION = /^ {0,3}\[(?!\^)[^\]\n]+\]:/;
const INLINE_CODE = /(`+)[^`][\s\S]*?\1/g;
const TAG = /<(\/?)([a-z][a-z0-9-]*)(?:"[^"]*"|'[^']*'|[^'">])*?(\/?)>/gi;
const WITHOUT_END = new Set("area base br col embed hr img input link meta source track wbr".split(" "));

/** Cut a text; where it is what was cut before and more, only its end is looked at. */
export function cutMore(before: Cut, text: string): Cut {
  if (text === before.text) return before;
  // The last ones may still become something else: a paragraph a heading, a list one with an item more.
  const kept = text.startsWith(before.text) ? before.blocks.slice(0, -2) : [];
  const start = kept.reduce((sum, block) => sum + block.length, 0);
  const blocks = joined(new Lexer().blockTokens(text.slice(start)));
  // The last one is taken as it stands: the lexer mends what is unfinished.
  blocks.pop();
  const whole = [...kept, ...blocks].join("");
  if (!text.startsWith(whole)) return { text, blocks: [text] };
  const last = text.slice(whole.length);
  return { text, blocks: [...kept, ...blocks, ...(last ? [last] : [])] };
}

/** The pieces that are drawn, each for itself: footnotes need the whole text, and links what they refer to. */
export function piecesOf({ text, blocks }: Cut, growing: boolean): readonly string[] {
  const prose = blocks.filter((block) => !FENCE.test(block));
  const inParts = growing && text.length > MOST_AS_A_WHOLE;
  if (!inParts && prose.some((block) => FOOTNOTE.test(block))) return [text];
  const definitions = prose.filter((block) => DEFINITION.test(block)).join("\n");
  if (!definitions) return blocks;
  return blocks.map((block) => (block.includes("[") && !FENCE.test(block) ? `${block}\n\n${definitions}` : block));
}

/** Blocks of the text, those as one that would mean something else apart. */
function joined(tokens: Token[]): string[] {
  const blocks: string[] = [];
  let open = "";
  for (const token of tokens) {
    const joins = open !== "" || (token.type === "space" && blocks.length > 0);
    const pieces = token.type === "list" && !joins ? itemsOf(token as Tokens.List) : [token.raw];
    if (joins) blocks[blocks.length - 1] += token.raw;
    else blocks.push(...pieces);
    if (token.type === "html" || open || isOpenFormula(token)) {
      open += token.type === "code" ? "" : token.raw;
      if (!isOpenHtml(open) && !hasOpenFormula(open)) open = "";
    }
  }
  return blocks;
}

/** The items of a list, as many together as make a block of some length. */
function itemsOf(list: Tokens.List): string[] {
  if (list.raw.length < LONG_LIST) return [list.raw];
  const pieces: string[] = [];
  let [start, end] = [0, 0];
  for (const { raw } of list.items) {
    if (end - start > LONG_LIST / 2 && list.raw.startsWith(raw.trimEnd(), end)) {
      pieces.push(list.raw.slice(start, end));
      start = end;
    }
    end += raw.length;
  }
  return [...pieces, list.raw.slice(start)];
}

function isOpenFormula(token: Token): boolean {
  return token.type !== "code" && hasOpenFormula(token.raw);
}

/** Whether a formula was begun that goes on in the next block: one may be written over several paragraphs. */
function hasOpenFormula(text: string): boolean {
  if (!text.includes("$$") && !text.includes("\\[")) return false;
  const plain = text.replace(INLINE_CODE, "");
  const [opened, closed] = [plain.match(/(?<!\\)\\\[/g), plain.match(/(?<!\\)\\\]/g)];
  return (plain.split("$$").length - 1) % 2 === 1 || (opened?.length ?? 0) > (closed?.length ?? 0);
}

/** Whether HTML holds what follows it, such as `<details>` before its end. */
function isOpenHtml(html: string): boolean {
  let depth = 0;
  for (const [, end, name, itself] of html.matchAll(TAG)) {
    if (itself || WITHOUT_END.has(name?.toLowerCase() ?? "")) continue;
    depth += end ? -1 : 1;
  }
  return depth > 0 || html.lastIndexOf("<!--") > html.lastIndexOf("-->");
}

/** Things in their order, in groups of some size. */
export function inGroups<T>(all: readonly T[], size: number): T[][] {
  const groups: T[][] = [];
  for (let start = 0; start < all.length; start += size) groups.push(all.slice(start, start + size));
  return groups;
}
