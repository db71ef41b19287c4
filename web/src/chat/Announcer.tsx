import { VisuallyHidden } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { db } from "../store/db";
import { useTurns } from "../store/turns";
import { waitingText } from "./waiting";

/** Of a long answer so much is read out unasked; the whole is there to be read. */
const MOST = 600;

/** Tells screen readers how an answer gets on: not each word as it comes, but what it says, once it is there. */
export function Announcer({ answer }: { answer: string | null }) {
  const turn = useTurns((state) => (answer ? state.running[answer] : undefined));
  const heard = useRef<string | null>(null);
  const [text, setText] = useState("");
  const phase = turn ? (turn.answer.text ? "The answer comes." : waitingText(turn)) : "";

  useEffect(() => {
    if (turn) {
      heard.current = answer;
      setText(phase);
      return;
    }
    if (!answer || heard.current !== answer) return;
    heard.current = null;
    void db.messages.get(answer).then((message) => {
      if (message?.role !== "assistant") return;
      if (message.state === "stopped") setText("The answer was stopped.");
      else if (message.failure) setText(`The answer failed: ${message.failure.message}`);
      else setText(`${message.model} says: ${beginningOf(message.text)}`);
    });
  }, [answer, phase, turn]);

  return (
    <VisuallyHidden role="status" aria-live="polite">
      {text}
    </VisuallyHidden>
  );
}

function beginningOf(text: string): string {
  if (text.length <= MOST) return text;
  const end = text.lastIndexOf(" ", MOST);
  return `${text.slice(0, end > 0 ? end : MOST)} … The answer is longer.`;
}
