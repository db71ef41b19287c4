import type { Step } from "../api/types";
import { Markdown } from "../markdown/LazyMarkdown";
import { Fold } from "./Reasoning";
import { secondsText } from "./waiting";

/** The steps that the app shows besides its answer: tools it called, what it searched for. */
export function Steps({ steps }: { steps: Step[] }) {
  return steps.map((step) => (
    <Fold key={step.id} title={titleOf(step)}>
      <Markdown text={step.text ?? ""} growing={false} />
    </Fold>
  ));
}

function titleOf(step: Step): string {
  const took = step.duration ? ` (${secondsText(step.duration)})` : "";
  return `${step.title || "A step"}${step.status === "pending" ? "…" : took}`;
}
