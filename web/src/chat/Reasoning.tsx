import { UnstyledButton } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { useId, useState } from "react";
import { Markdown } from "../markdown/LazyMarkdown";
import classes from "./Message.module.css";

/** What the model thought, folded until the user wants to read it. */
export function Reasoning({ text, growing }: { text: string; growing: boolean }) {
  return (
    <Fold title={growing ? "Thinking…" : "Reasoning"}>
      <Markdown text={text} growing={growing} />
    </Fold>
  );
}

/** A title that unfolds what it stands for. */
export function Fold({ title, children }: { title: string; children: React.ReactNode }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <div className={classes.fold}>
      <UnstyledButton
        className={classes.foldTitle}
        onClick={() => setOpen(!open)}
        aria-expanded={open}
        aria-controls={id}
      >
        <IconChevronRight size={14} className={classes.chevron} data-open={open || undefined} aria-hidden />
        {title}
      </UnstyledButton>
      <div id={id} hidden={!open} className={classes.foldBody}>
        {open && children}
      </div>
    </div>
  );
}
