/** On a touch screen Enter is a new line, as everywhere there, and the keyboard does not come up by itself. */
export function isTouched(): boolean {
  return window.matchMedia("(pointer: coarse)").matches;
}

/** Put the focus on a place, once it is drawn. */
export function focusOn(id: string): void {
  requestAnimationFrame(() => document.getElementById(id)?.focus());
}

/** Put the focus where the user writes: what had it has gone. */
export function focusOnMessage(): void {
  if (!isTouched()) focusOn("message");
}
