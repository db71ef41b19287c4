import type { Turn } from "../store/turn";

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
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
