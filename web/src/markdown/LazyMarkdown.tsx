import { lazy, Suspense } from "react";
import classes from "./LazyMarkdown.module.css";

const load = () => import("./Markdown");
const Loaded = lazy(load);

/** Markdown; until what draws it is loaded, the plain text. */
export function Markdown(props: { text: string; growing: boolean }) {
  return (
    <Suspense fallback={<div className={classes.plain}>{props.text}</div>}>
      <Loaded {...props} />
    </Suspense>
  );
}

/** Load it before it is needed. */
export function preloadMarkdown(): void {
  void load();
}
