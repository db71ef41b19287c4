import { create } from "zustand";
import { useKey } from "../api/key";
import { ApiError } from "../api/problem";
import { streamChat } from "../api/stream";
import type { ChatRequest } from "../api/types";
import { type Answer, db } from "./db";
import { after, type Turn } from "./turn";

/** Milliseconds between two times that a growing answer is shown: its pieces may come far more often. */
const SHOW_EVERY = 60;
/** Milliseconds between two times that a growing answer is written down. */
const WRITE_EVERY = 1000;
/** An answer that runs in no tab any more has not been touched for longer than this. */
const ABANDONED_AFTER = 10_000;

interface Turns {
  /** By the id of the answer. */
  running: Record<string, Turn>;
}

export const useTurns = create<Turns>()(() => ({ running: {} }));

const aborts = new Map<string, AbortController>();

/** Get an answer, and write it down as it comes. */
export async function runTurn(answer: Answer, request: ChatRequest): Promise<void> {
  const abort = new AbortController();
  aborts.set(answer.id, abort);
  const began = performance.now();
  let turn: Turn = { answer, queue: null, waiting: "", started: false };
  let shown: Turn | null = null;
  const show = () => {
    if (shown === turn) return;
    shown = turn;
    useTurns.setState(({ running }) => ({ running: { ...running, [answer.id]: turn } }));
  };
  show();
  const showing = setInterval(show, SHOW_EVERY);
  const writing = setInterval(() => {
    turn = { ...turn, answer: { ...turn.answer, touched: Date.now() } };
    void db.messages.update(answer.id, turn.answer);
  }, WRITE_EVERY);
  let end: Partial<Answer>;
  try {
    for await (const events of streamChat(request, abort.signal)) {
      turn = events.reduce((before, event) => after(before, event, performance.now() - began), turn);
    }
    end = { state: "done" };
  } catch (error) {
    end = abort.signal.aborted ? { state: "stopped" } : { state: "failed", failure: failureOf(error) };
    if (error instanceof ApiError && error.code === "invalid_api_key") useKey.getState().want();
  } finally {
    clearInterval(showing);
    clearInterval(writing);
    aborts.delete(answer.id);
  }
  const duration = performance.now() - began;
  const whole: Answer = { ...turn.answer, ...end, duration, touched: Date.now() };
  await db.messages.update(answer.id, whole);
  useTurns.setState(({ running }) => {
    const { [answer.id]: _, ...others } = running;
    return { running: others };
  });
}

/** Stop an answer; leaving the request stops it on the Space, too. */
export function stopTurn(answer: string): void {
  aborts.get(answer)?.abort();
}

/** The state of an answer that may have been left by a tab that was closed. */
export function stateOf(answer: Answer, running: boolean): Answer["state"] {
  if (answer.state !== "running" || running) return answer.state;
  return Date.now() - answer.touched > ABANDONED_AFTER ? "stopped" : "running";
}

function failureOf(error: unknown): Answer["failure"] {
  if (error instanceof ApiError) {
    return { message: error.message, status: error.status, code: error.code, retryAfter: error.retryAfter };
  }
  return { message: "The connection was lost.", status: 0, code: null, retryAfter: null };
}
