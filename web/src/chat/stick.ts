import { type RefObject, useEffect, useRef, useState } from "react";

const NEAR = 80;
/** Milliseconds for which scrolling goes on after a gesture. */
const BY_HAND = 1500;
const GESTURES = ["wheel", "touchmove", "pointerdown", "keydown"];

/** Keeps the end of what grows in sight, as long as the user has not scrolled away from it. */
export function useStickToEnd(growing: boolean): {
  scroller: RefObject<HTMLElement | null>;
  atEnd: boolean;
  toEnd: () => void;
} {
  const scroller = useRef<HTMLElement | null>(null);
  const stuck = useRef(true);
  const [atEnd, setAtEnd] = useState(true);

  useEffect(() => {
    const element = scroller.current;
    const content = element?.firstElementChild;
    if (!element || !content) return;
    // What grows or is laid out anew leaves the end, too; but only the user goes away from it.
    let touched = Number.NEGATIVE_INFINITY;
    const touch = () => {
      touched = performance.now();
    };
    const look = () => {
      const near = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
      if (near || performance.now() - touched < BY_HAND) stuck.current = near;
      setAtEnd(near);
    };
    const follow = () => {
      if (stuck.current) element.scrollTop = element.scrollHeight;
      else look();
    };
    const sizes = new ResizeObserver(follow);
    sizes.observe(content);
    sizes.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    for (const name of GESTURES) element.addEventListener(name, touch, { passive: true });
    return () => {
      sizes.disconnect();
      element.removeEventListener("scroll", look);
      for (const name of GESTURES) element.removeEventListener(name, touch);
    };
  }, []);

  const toEnd = () => {
    stuck.current = true;
    if (scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new answer is followed
  useEffect(toEnd, [growing]);

  return { scroller, atEnd, toEnd };
}
