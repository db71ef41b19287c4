import { lexer } from "marked";

/**
 * Cut Markdown into its top-level blocks, so that an answer that grows is not drawn anew as a whole.
 *
 * What refers to another place (link definitions, footnotes) or goes over several blocks (HTML) can't be cut.
 */
export function blocksOf(text: string): string[] {
  if (!text) return [];
  const tokens = lexer(text);
  const whole = Object.keys(tokens.links).length > 0 || tokens.some((token) => token.type === "html");
  if (whole || text.includes("[^") || text.includes("$$")) return [text];
  const blocks: string[] = [];
  for (const token of tokens) {
    if (token.type === "space" && blocks.length) blocks[blocks.length - 1] += token.raw;
    else blocks.push(token.raw);
  }
  // The last one is taken as it stands: the lexer mends what is unfinished.
  blocks.pop();
  const before = blocks.join("");
  const last = text.slice(before.length);
  return text.startsWith(before) && last ? [...blocks, last] : [text];
}
