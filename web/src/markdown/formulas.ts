/** Marks a formula that stands apart, even within a paragraph: an invisible sign, which TeX has no use for. */
export const APART = "\u2063";

/** Code, which stays as it is, or a formula: in dollars, or in LaTeX's own brackets. */
const PARTS =
  /(?:^|\n)[ \t]*(?<fence>`{3,}|~{3,})[\s\S]*?(?:\n[ \t]*\k<fence>|$)|(?<tick>`+)[^`][\s\S]*?\k<tick>|(?<!\\)\$\$(?<dollars>[^$]+)\$\$|(?<!\\)\\\[(?<apart>[\s\S]+?)\\\]|(?<!\\)\\\((?<inline>.+?)\\\)/g;
const COMMENT = /(?<!\\)%.*$/gm;

/**
 * Formulas as `\(…\)` and `\[…\]`, which many models write, become `$$…$$`. Markdown takes these brackets for escaped ones
 * and would drop the backslashes. Those of several lines become one: their lines could mean something to Markdown.
 */
export function withDollars(text: string): string {
  if (!text.includes("\\(") && !text.includes("\\[") && !text.includes("$$")) return text;
  return text.replace(PARTS, (whole: string, ...rest: unknown[]) => {
    const { dollars, apart, inline } = rest.at(-1) as { dollars?: string; apart?: string; inline?: string };
    if (dollars && !dollars.includes("\n")) return whole;
    const formula = (dollars ?? apart ?? inline)?.replace(COMMENT, "").replace(/\s+/g, " ").trim();
    return formula ? `$$${inline ? "" : APART}${formula}$$` : whole;
  });
}
