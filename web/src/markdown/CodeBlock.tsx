import { isValidElement, memo, type ReactNode, useRef } from "react";
import { CopyAction } from "../shell/CopyAction";
import { inGroups } from "./blocks";
import classes from "./Markdown.module.css";

/** Lines of long code that are laid out together. */
const LINES = 100;

/** Code with its language and a button that copies it. */
export function CodeBlock({ children }: { children: ReactNode }) {
  const code = useRef<HTMLPreElement>(null);
  const language = languageOf(children);
  return (
    <figure className={classes.code} aria-label={language ? `Code in ${language}` : "Code"} dir="ltr">
      <figcaption className={classes.codeHead}>
        <span>{language}</span>
        <CopyAction text={() => code.current?.textContent ?? ""} label="Copy code" />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre ref={code} tabIndex={0}>
        {children}
      </pre>
    </figure>
  );
}

/** Code that is too long for colours: where it grows, only its end is laid out anew. */
export function LongCode({ language, text }: { language: string; text: string }) {
  return (
    <CodeBlock>
      <code className={language && `language-${language}`}>
        {inGroups(text.split(/(?<=\n)/), LINES).map((lines, number) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: code only grows at its end
          <Lines key={number} text={lines.join("")} />
        ))}
      </code>
    </CodeBlock>
  );
}

const Lines = memo(function Lines({ text }: { text: string }) {
  return <span className={classes.lines}>{text}</span>;
});

function languageOf(children: ReactNode): string {
  const code = Array.isArray(children) ? children[0] : children;
  if (!isValidElement<{ className?: string }>(code)) return "";
  return /language-(\S+)/.exec(code.props.className ?? "")?.[1] ?? "";
}
