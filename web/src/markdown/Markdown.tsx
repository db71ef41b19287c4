import { memo, startTransition, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import rehypeHighlight from "rehype-highlight";
import rehypeKatex from "rehype-katex";
import rehypeRaw from "rehype-raw";
import rehypeSanitize from "rehype-sanitize";
import remarkGfm from "remark-gfm";
import remarkMath from "remark-math";
import { type Cut, cutMore, inGroups, NOTHING, piecesOf } from "./blocks";
import { CodeBlock, LongCode } from "./CodeBlock";
import { withDollars } from "./formulas";
import classes from "./Markdown.module.css";
import { Picture } from "./Picture";
import { formulasApart, formulasReached, isAddress, isOwnPicture, SCHEMA, unknownTagsAsText } from "./rules";

/** Above this, code is shown without colours: they would take too long. */
const MOST_COLOURED = 50_000;
/** So it is while it grows and is longer than this, since all of it is coloured again for each piece of it. */
const MOST_GROWING = 3_000;
const CODE = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)[^`\n]*\n([\s\S]*?)(?:\n {0,3}\1[`~]*\s*)?$/;
const GROUP = 32;
/** So many groups of a text's blocks are drawn before anything else. */
const AT_ONCE = 2;

const COMPONENTS: Components = {
  a: ({ href, children, id }) => <Link href={href} text={children} id={id} />,
  img: ({ src, alt }) => <Picture source={typeof src === "string" ? src : ""} text={alt ?? ""} />,
  pre: ({ children }) => <CodeBlock>{children}</CodeBlock>,
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <figure className={classes.table} aria-label="Table" tabIndex={0}>
      <table>{children}</table>
    </figure>
  ),
  input: ({ checked }) => <input type="checkbox" checked={Boolean(checked)} disabled aria-label="Task" />,
};

const REMARK = [
  [remarkGfm],
  [remarkMath, { singleDollarTextMath: false }],
  [formulasApart],
  [unknownTagsAsText],
] as never;
/** Sanitised first: what comes after adds only what it makes itself. */
const PLAIN = [
  made(rehypeRaw()),
  made(rehypeSanitize(SCHEMA)),
  made(rehypeKatex({ output: "mathml", strict: false })),
  formulasReached,
] as never;
const COLOURED = [...(PLAIN as unknown[]), made(rehypeHighlight({ detect: false }))] as never;

/** A plugin that is made once, not again for each block: the colours alone know forty languages. */
function made<T>(transform: T): () => T {
  return () => transform;
}

const Block = memo(function Block({ text, growing }: { text: string; growing: boolean }) {
  const code = text.length > (growing ? MOST_GROWING : MOST_COLOURED) ? CODE.exec(text) : null;
  if (code) return <LongCode language={code[2] ?? ""} text={code[3] ?? ""} />;
  return (
    <ReactMarkdown
      components={COMPONENTS}
      remarkPlugins={REMARK}
      rehypePlugins={text.length > MOST_COLOURED ? PLAIN : COLOURED}
      urlTransform={addressOf}
    >
      {withDollars(text)}
    </ReactMarkdown>
  );
});

/** Many blocks; those that have not changed are not even looked at. */
const Blocks = memo(function Blocks({ pieces, first, growing }: Pieces & { first: number }) {
  return inGroups(pieces, GROUP).map((group, number, all) =>
    number < first ? null : (
      // biome-ignore lint/suspicious/noArrayIndexKey: a text only grows at its end
      <Group key={number} pieces={group} growing={growing && number === all.length - 1} />
    ),
  );
});

interface Pieces {
  pieces: readonly string[];
  growing: boolean;
}

const Group = memo(
  function Group({ pieces, growing }: Pieces) {
    return (
      <div className={classes.group}>
        {pieces.map((piece, number) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a text only grows at its end
          <Block key={number} text={piece} growing={growing && number === pieces.length - 1} />
        ))}
      </div>
    );
  },
  (one, other) =>
    one.growing === other.growing &&
    one.pieces.length === other.pieces.length &&
    one.pieces.every((piece, number) => piece === other.pieces[number]),
);

/** A text of an app, safely drawn. */
const Markdown = memo(function Markdown({ text, growing }: { text: string; growing: boolean }) {
  const cut = useCut(text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text, growing);
  const pieces = useMemo(() => piecesOf(cut, growing), [cut, growing]);
  const first = useFirst(pieces.length);
  return (
    <div className={classes.markdown} dir="auto">
      <Blocks pieces={pieces} first={first} growing={growing} />
    </div>
  );
});

export default Markdown;

/** A text in blocks; while it grows, it is left alone after each time for longer than drawing took. */
function useCut(text: string, growing: boolean): Cut {
  const [shown, setShown] = useState(() => cutMore(NOTHING, text));
  const latest = useRef(text);
  const began = useRef(0);
  const took = useRef(0);
  const behind = growing && shown.text !== text;

  useLayoutEffect(() => {
    latest.current = text;
  }, [text]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: this is when it was drawn
  useLayoutEffect(() => {
    if (began.current) took.current = performance.now() - began.current;
  }, [shown]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: and then it is waited again
  useEffect(() => {
    if (!behind) return;
    const redraw = () => {
      began.current = performance.now();
      setShown((before) => cutMore(before, latest.current));
    };
    const timer = setTimeout(redraw, took.current * 3);
    return () => clearTimeout(timer);
  }, [behind, shown]);

  return useMemo(() => (growing ? shown : cutMore(shown, text)), [growing, shown, text]);
}

/** Which group is the first that is drawn: of a text that is long from the beginning, the end comes first. */
function useFirst(pieces: number): number {
  const [first, setFirst] = useState(Math.max(0, Math.ceil(pieces / GROUP) - AT_ONCE));
  useEffect(() => startTransition(() => setFirst(0)), []);
  return first;
}

function addressOf(address: string, key: string): string {
  if (key === "src") return isOwnPicture(address) || isAddress(address) ? address : "";
  return isAddress(address) || address.startsWith("#user-content-") ? address : "";
}

function Link({ href, text, id }: { href: string | undefined; text: React.ReactNode; id: string | undefined }) {
  if (!href) return <span>{text}</span>;
  if (href.startsWith("#")) {
    const follow = (event: React.MouseEvent) => {
      event.preventDefault(); // the page's own address stays
      document.getElementById(href.slice(1))?.scrollIntoView({ block: "center" });
    };
    return (
      <a href={href} id={id} onClick={follow}>
        {text}
      </a>
    );
  }
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {text}
    </a>
  );
}
