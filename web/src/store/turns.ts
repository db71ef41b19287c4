import { create } from "zustand";
import { useKey } from "../api/key";
import { ApiError } from "../api/problem";
import { streamChat } from "../api/stream";
import type { ChatRequest } from "../api/types";
import { useModels } from "../model/models";
import { type Answer, db } from "./db";
import { after, type Turn } from "./turn";

/** Milliseconds between two times that a growing answer is shown: its pieces may come far more often. */
const SHOW_EVERY = 60;
/** Milliseconds between two times that a growing answer is written down. */
const WRITE_EVERY = 1000;
/** Where browsers tell of no locks: an answer that runs in no tab any more has not been touched for longer than this. */
const ABANDONED_AFTER = 10_000;

interface Turns {
  /** By the id of the answer. */
  running: Record<string, Turn>;
}

export const useTurns = create<Turns>()(() => ({ running: {} }));

const aborts = new Map<string, AbortController>();

/** Other tabs with this page: the one in which an answer runs can stop it. */
const tabs = new BroadcastChannel("spacebridge.stop");
tabs.onmessage = ({ data }: MessageEvent<string>) => aborts.get(data)?.abort();

/** Get an answer, and write it down as it comes. `begin` adds it to its conversation and tells what is asked. */
export async function runTurn(answer: Answer, begin: () => Promise<ChatRequest>): Promise<void> {
  const run = () => runHere(answer, begin);
  // Held before the answer is to be seen, and as long as this tab lives: so other tabs know that it does.
  await (navigator.locks ? navigator.locks.request(lockOf(answer.id), run) : run());
  void useModels.getState().load();
}

async function runHere(answer: Answer, begin: () => Promise<ChatRequest>): Promise<void> {
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
  const write = () => {
    turn = { ...turn, answer: { ...turn.answer, touched: Date.now() } };
    void db.messages.update(answer.id, turn.answer);
  };
  const writing = setInterval(write, WRITE_EVERY);
  window.addEventListener("pagehide", write);
  let end: Partial<Answer>;
  try {
    for await (const events of streamChat(await begin(), abort.signal)) {
      turn = events.reduce((before, event) => after(before, event, performance.now() - began), turn);
    }
    end = { state: "done" };
  } catch (error) {
    end = abort.signal.aborted ? { state: "stopped" } : { state: "failed", failure: failureOf(error) };
    if (error instanceof ApiError && error.code === "invalid_api_key") useKey.getState().want();
  } finally {
    clearInterval(showing);
    clearInterval(writing);
    window.removeEventListener("pagehide", write);
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
  const abort = aborts.get(answer);
  if (abort) abort.abort();
  else tabs.postMessage(answer);
}

/** Wait for the end of an answer that another tab gets; if that tab is gone, write down that it was stopped. */
export function followTurn(answer: string): () => void {
  if (!navigator.locks) return () => undefined;
  const left = new AbortController();
  navigator.locks
    .request(lockOf(answer), { signal: left.signal }, async () => {
      await db.messages.update(answer, (message) => {
        if (message.role === "assistant" && message.state === "running") message.state = "stopped";
      });
    })
    .catch(() => undefined);
  return () => left.abort();
}

function lockOf(answer: string): string {
  return `spacebridge.answer.${answer}`;
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
  const message = error instanceof TypeError || !(error instanceof Error) ? "The connection was lost." : error.message;
  return { message, status: 0, code: null, retryAfter: null };
}
