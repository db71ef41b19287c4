import type { TurnEvent } from "../api/events";
import type { Step } from "../api/types";
import type { Answer } from "./db";

/** An answer that is coming. */
export interface Turn {
  answer: Answer;
  queue: { rank: number | null; size: number | null; eta: number | null; at: number } | null;
  /** What is waited for, before the Space works. */
  waiting: string;
  started: boolean;
}

/** A turn after one more event. */
export function after(turn: Turn, event: TurnEvent, elapsed: number): Turn {
  const answer = turn.answer;
  const change = (what: Partial<Answer>): Turn => ({ ...turn, answer: { ...answer, ...what } });
  switch (event.type) {
    case "text":
      return change({ text: answer.text + event.text, firstText: answer.firstText ?? elapsed });
    case "reasoning":
      return change({ reasoning: answer.reasoning + event.text, firstText: answer.firstText ?? elapsed });
    case "queued":
      return { ...turn, queue: { rank: event.rank, size: event.size, eta: event.eta, at: Date.now() }, waiting: "" };
    case "started":
      return { ...turn, queue: null, waiting: "", started: true };
    case "waiting":
      return { ...turn, waiting: event.text };
    case "step":
      return change({ steps: withStep(answer.steps, event.step) });
    case "notice":
      return event.notice.level === "progress"
        ? { ...turn, waiting: [event.notice.title, event.notice.text].filter(Boolean).join(": ") }
        : change({ notices: [...answer.notices, event.notice] });
    case "attachment":
      return change({ attachments: [...answer.attachments, event.attachment] });
    case "removed":
      return change({ attachments: answer.attachments.filter((other) => other.url !== event.attachment.url) });
    case "offered":
      return change({ options: event.options });
    case "conversation":
      return change({ way: event.way });
    case "replaced":
      return change({ text: event.text });
    case "rethought":
      return change({ reasoning: event.text });
  }
}

/** A step stays where it was told of first. */
function withStep(steps: Step[], step: Step): Step[] {
  const known = steps.some(({ id }) => id === step.id);
  return known ? steps.map((other) => (other.id === step.id ? step : other)) : [...steps, step];
}
