import type { Turn } from "../store/turn.ts";

/** What an answer waits for, in words. */
export function waitingText(turn: Turn): string {
  if (turn.waiting) return turn.waiting;
  if (turn.queue) {
    const { rank, size } = turn.queue;
    if (rank === null) return "In the queue.";
    const ahead = rank === 0 ? "Next in the queue" : `${rank} before you in the queue`;
    return `${ahead}${size !== null && size > rank ? ` of ${size}` : ""}.`;
  }
  return turn.started ? "The app works." : "Sent.";
}

/** Seconds as people write them. */
export function secondsText(seconds: number): string {
  if (seconds < 9.95) return `${Number.isInteger(seconds) ? seconds : Math.max(0.1, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 100) return `${whole} s`;
  if (whole < 3600) return joined(whole, 60, "min", "s");
  return joined(Math.round(whole / 60), 60, "h", "min");
}

function joined(amount: number, each: number, large: string, small: string): string {
  const rest = amount % each;
  return `${Math.floor(amount / each)} ${large}${rest ? ` ${rest} ${small}` : ""}`;
}
