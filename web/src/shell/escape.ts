import { useEffect } from "react";
import { stopTurn, useTurns } from "../store/turns";

/** What Escape closes first: only then it stops an answer. */
const OPEN = "[role=dialog], [role=listbox], [role=menu]";

/** Escape stops the newest answer. */
export function useStopByEscape(): void {
  useEffect(() => {
    // Before everybody else: a tooltip that is shown would keep the key to itself.
    window.addEventListener("keydown", pressed, true);
    return () => window.removeEventListener("keydown", pressed, true);
  }, []);
}

function pressed(event: KeyboardEvent): void {
  const edits = event.target instanceof Element && event.target.closest("[data-editing]");
  if (event.key !== "Escape" || event.isComposing || edits || document.querySelector(OPEN)) return;
  const newest = Object.values(useTurns.getState().running).sort((a, b) => b.answer.created - a.answer.created)[0];
  if (newest) stopTurn(newest.answer.id);
}
