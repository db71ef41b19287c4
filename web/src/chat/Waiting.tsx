import { Group, Loader, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import type { Turn } from "../store/turn";
import { secondsText, waitingText } from "./waiting";

/** What is waited for, how long already, and how much longer by the app's own estimate. */
export function Waiting({ turn }: { turn: Turn }) {
  const now = useNow();
  const waited = Math.max(0, (now - turn.answer.created) / 1000);
  const eta = turn.queue?.eta ? turn.queue.eta - (now - turn.queue.at) / 1000 : 0;
  return (
    <Group gap="xs" wrap="nowrap">
      <Loader type="dots" size="sm" aria-hidden />
      <Text size="sm" c="dimmed">
        {waitingText(turn)} {eta > 1 && `About ${secondsText(Math.round(eta))} more. `}
        {waited >= 1 && <span>Waited {secondsText(Math.floor(waited))}.</span>}
      </Text>
    </Group>
  );
}

/** When another try makes sense, as long as that is to come. */
export function Later({ at }: { at: number }) {
  const left = Math.ceil((at - useNow()) / 1000);
  if (left <= 0) return null;
  // Read out once, with what failed, and not each time that it changes.
  return (
    <Text size="sm" aria-live="off">
      Try again in {secondsText(left)}.
    </Text>
  );
}

function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const ticking = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(ticking);
  }, []);
  return now;
}
