import { defaultSchema } from "rehype-sanitize";
import { APART } from "./formulas.ts";

type Schema = typeof defaultSchema;

/** What may stand in an answer: what GitHub lets stand, pictures that an answer carries itself, and marks for formulas. */
export const SCHEMA: Schema = {
  ...defaultSchema,
  attributes: {
    ...defaultSchema.attributes,
    code: [["className", /^language-./, "math-inline", "math-display"]],
  },
  protocols: { ...defaultSchema.protocols, href: ["http", "https", "mailto"], src: ["http", "https", "data"] },
};

const KNOWN_TAGS = new Set(SCHEMA.tagNames);
const TAG = /<\/?([a-z][^\s/>]*)/gi;
const PICTURE = /^data:image\/(?:png|jpe?g|gif|webp|avif|bmp);base64,/i;
const ADDRESS = /^(?:https?:|mailto:)/i;

interface Node {
  type: string;
  value?: string;
  tagName?: string;
  properties?: Record<string, unknown>;
  children?: Node[];
  data?: { hProperties?: { className?: string[] }; hChildren?: Node[] };
}

/** A formula that is all of a paragraph, or was marked so, stands apart, even if it was written in one line. */
export function formulasApart() {
  return (tree: Node) => visitFormulas(tree, false);
}

function visitFormulas(node: Node, alone: boolean): void {
  const [inside] = node.data?.hChildren ?? [];
  if (node.type === "inlineMath" && inside?.value && node.data?.hProperties) {
    if (alone || inside.value.startsWith(APART)) node.data.hProperties.className = ["language-math", "math-display"];
    inside.value = inside.value.replaceAll(APART, "");
  }
  for (const child of node.children ?? []) {
    visitFormulas(child, node.type === "paragraph" && node.children?.length === 1);
  }
}

/** A formula that may have to be scrolled can be reached by keyboard. */
export function formulasReached() {
  return (tree: Node) => visitMaths(tree);
}

function visitMaths(node: Node): void {
  if (node.tagName === "math" && node.properties?.display === "block") node.properties.tabIndex = 0;
  for (const child of node.children ?? []) visitMaths(child);
}

/**
 * HTML whose tags could not stand anyway is shown as it was written, in place of vanishing. This is for the reader;
 * what keeps the page safe is that all is sanitised afterwards.
 */
export function unknownTagsAsText() {
  return (tree: Node) => visit(tree);
}

function visit(node: Node): void {
  if (node.type === "html" && !hasOnlyKnownTags(node.value ?? "")) node.type = "text";
  for (const child of node.children ?? []) visit(child);
}

function hasOnlyKnownTags(html: string): boolean {
  return [...html.matchAll(TAG)].every((found) => KNOWN_TAGS.has(found[1]?.toLowerCase() ?? ""));
}

/** Whether a picture comes with the answer itself. */
export function isOwnPicture(source: string): boolean {
  return PICTURE.test(source);
}

/** Whether an address may be a link: a relative one would lead into the gateway, not into the app that wrote it. */
export function isAddress(address: string): boolean {
  return ADDRESS.test(address);
}
