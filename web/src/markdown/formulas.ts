/** Code, which stays as it is, or a formula in LaTeX's own brackets. */
const PARTS =
  /(?:^|\n)[ \t]*(?<fence>`{3,}|~{3,})[\s\S]*?(?:\n[ \t]*\k<fence>|$)|(?<tick>`+)[^`][\s\S]*?\k<tick>|(?<!\\)\\\[(?<apart>[\s\S]+?)\\\]|(?<!\\)\\\((?<inline>.+?)\\\)/g;

/**
 * Formulas as `\(…\)` and `\[…\]`, which many models write, become `$$…$$`. Markdown takes these brackets for escaped ones
 * and would drop the backslashes.
 */
export function withDollars(text: string): string {
  if (!text.includes("\\(") && !text.includes("\\[")) return text;
  return text.replace(PARTS, (whole: string, ...rest: unknown[]) => {
    const { apart, inline } = rest.at(-1) as { apart?: string; inline?: string };
    const formula = (apart ?? inline)?.trim();
    return formula ? `$$${formula}$$` : whole;
  });
}
