import { memo, useEffect, useMemo, useRef, useState } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import rehypeHighlight from "rehype-highlight";
import rehypeKatex from "rehype-katex";
import rehypeRaw from "rehype-raw";
import rehypeSanitize from "rehype-sanitize";
import remarkGfm from "remark-gfm";
import remarkMath from "remark-math";
import { blocksOf } from "./blocks";
import { CodeBlock } from "./CodeBlock";
import { withDollars } from "./formulas";
import classes from "./Markdown.module.css";
import { Picture } from "./Picture";
import { formulasApart, isAddress, isOwnPicture, SCHEMA, unknownTagsAsText } from "./rules";

/** Above this, code is shown without colours: they would take too long. */
const MOST_COLOURED = 50_000;

const COMPONENTS: Components = {
  a: ({ href, children, id }) => <Link href={href} text={children} id={id} />,
  img: ({ src, alt }) => <Picture source={typeof src === "string" ? src : ""} text={alt ?? ""} />,
  pre: ({ children }) => <CodeBlock>{children}</CodeBlock>,
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className={classes.table} aria-label="Table" tabIndex={0}>
      <table>{children}</table>
    </section>
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
const PLAIN = [[rehypeRaw], [rehypeSanitize, SCHEMA], [rehypeKatex, { output: "mathml", strict: false }]] as never;
const COLOURED = [...(PLAIN as unknown[]), [rehypeHighlight, { detect: false }]] as never;

const Block = memo(function Block({ text }: { text: string }) {
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

/** A text of an app, safely drawn. */
const Markdown = memo(function Markdown({ text, growing }: { text: string; growing: boolean }) {
  const shown = usePaced(text, growing);
  const began = performance.now();
  const blocks = useMemo(() => blocksOf(shown.text), [shown.text]);
  useEffect(() => shown.drawn(performance.now() - began));
  return (
    <div className={classes.markdown} dir="auto">
      {blocks.map((block, number) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a text only grows at its end
        <Block key={number} text={block} />
      ))}
    </div>
  );
});

export default Markdown;

/** A growing text, no more often than it can be drawn: at least three times as long is waited as drawing took. */
function usePaced(text: string, growing: boolean): { text: string; drawn: (took: number) => void } {
  const [shown, setShown] = useState(text);
  const latest = useRef(text);
  const took = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  latest.current = text;
  useEffect(() => {
    if (growing && text !== shown && timer.current === null) {
      timer.current = setTimeout(
        () => {
          timer.current = null;
          setShown(latest.current);
        },
        Math.max(40, took.current * 3),
      );
    }
  });
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current);
      timer.current = null;
    },
    [],
  );
  return {
    text: growing ? shown : text,
    drawn: (milliseconds) => {
      took.current = milliseconds;
    },
  };
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
