/** Milliseconds of silence after which a stream is doubted; by default the gateway says something four times as often. */
const DOUBTED = 60_000;
/** Milliseconds between two looks. */
const LOOK = 5_000;
/** Milliseconds in which the gateway has to answer, if it is still there. */
const PATIENCE = 10_000;

/**
 * Watch a stream on which nothing may ever come any more, without its end, as behind a cable that was pulled: when it is
 * silent for long, ask the gateway whether it is there.
 *
 * `heard` is to be called with everything that comes, `stop` when it is over; `gone` is called once nobody answers.
 */
export function watchOver(gone: () => void): { heard: () => void; stop: () => void } {
  let last = Date.now();
  const heard = () => {
    last = Date.now();
  };
  const look = async () => {
    if (Date.now() - last < DOUBTED) return;
    heard();
    if (!(await answers())) gone();
  };
  const looking = setInterval(() => void look(), LOOK);
  return { heard, stop: () => clearInterval(looking) };
}

async function answers(): Promise<boolean> {
  const abort = new AbortController();
  const waiting = setTimeout(() => abort.abort(), PATIENCE);
  try {
    return (await fetch("health", { cache: "no-store", signal: abort.signal })).ok;
  } catch {
    return false;
  } finally {
    clearTimeout(waiting);
  }
}
