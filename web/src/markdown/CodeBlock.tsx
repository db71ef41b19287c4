import { isValidElement, type ReactNode, useRef } from "react";
import { CopyAction } from "../shell/CopyAction";
import classes from "./Markdown.module.css";

/** Code with its language and a button that copies it. */
export function CodeBlock({ children }: { children: ReactNode }) {
  const code = useRef<HTMLPreElement>(null);
  const language = languageOf(children);
  return (
    <figure className={classes.code} aria-label={language ? `Code in ${language}` : "Code"}>
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

function languageOf(children: ReactNode): string {
  const code = Array.isArray(children) ? children[0] : children;
  if (!isValidElement<{ className?: string }>(code)) return "";
  return /language-(\S+)/.exec(code.props.className ?? "")?.[1] ?? "";
}
