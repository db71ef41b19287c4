import { defaultSchema } from "rehype-sanitize";

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
  children?: Node[];
  data?: { hProperties?: { className?: string[] } };
}

/** A formula that is all of a paragraph stands apart, even if it was written in one line. */
export function formulasApart() {
  return (tree: Node) => {
    for (const node of tree.children ?? []) {
      const only = node.children?.length === 1 ? node.children[0] : undefined;
      if (node.type === "paragraph" && only?.type === "inlineMath" && only.data?.hProperties) {
        only.data.hProperties.className = ["language-math", "math-display"];
      }
    }
  };
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
