import { ActionIcon, Alert, Anchor, Button, Group, Text, Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import { memo, useEffect } from "react";
import { isListOf } from "../api/files";
import { useKey } from "../api/key";
import { Markdown } from "../markdown/LazyMarkdown";
import { CopyAction } from "../shell/CopyAction";
import type { Answer } from "../store/db";
import { followTurn, stateOf, useTurns } from "../store/turns";
import { Attachments } from "./Attachments";
import { Branches } from "./Branches";
import classes from "./Message.module.css";
import { Reasoning } from "./Reasoning";
import { Steps } from "./Steps";
import { Later, Waiting } from "./Waiting";
import { secondsText } from "./waiting";

interface Props {
  answer: Answer;
  branches: { id: string }[];
  onRetry: () => void;
  /** Says what the app has offered; undefined where the conversation has gone on already. */
  onChoose: ((text: string) => void) | undefined;
  /** Whether the conversation waits for an answer. */
  busy: boolean;
}

export const AnswerView = memo(function AnswerView({ answer: stored, branches, onRetry, onChoose, busy }: Props) {
  const turn = useTurns((state) => state.running[stored.id]);
  const answer = turn?.answer ?? stored;
  const state = stateOf(stored, turn !== undefined);
  const growing = state === "running";
  const said = isListOf(answer.text, answer.attachments) ? "" : answer.text;
  const elsewhere = stored.state === "running" && turn === undefined;
  useEffect(() => (elsewhere ? followTurn(stored.id) : undefined), [elsewhere, stored.id]);
  return (
    <article className={classes.answer} aria-label={`Answer of ${answer.model}`} aria-busy={growing}>
      <Text size="xs" c="dimmed" className={classes.who}>
        {answer.model}
      </Text>
      {answer.reasoning && <Reasoning text={answer.reasoning} growing={growing && !answer.text} />}
      <Steps steps={answer.steps} />
      {answer.notices
        .filter((notice) => notice.level !== "error" || state !== "failed")
        .map((notice, number) => (
          <Alert
            // biome-ignore lint/suspicious/noArrayIndexKey: notices are only added
            key={number}
            color={{ error: "red", warning: "orange", success: "green" }[notice.level] ?? "blue"}
            title={notice.title}
            p="xs"
            my="xs"
            classNames={{ title: classes.noticeTitle, label: classes.noticeTitle }}
          >
            {notice.text}
          </Alert>
        ))}
      {said && <Markdown text={said} growing={growing} />}
      <Attachments files={answer.attachments.filter((file) => !said.includes(file.url))} />
      {onChoose && !busy && answer.options.length > 0 && (
        <Group gap="xs" mt="xs" role="group" aria-label="What the app offers">
          {answer.options.map((option) => (
            <Button
              key={option.value}
              variant="default"
              size="xs"
              classNames={{ root: classes.option, label: classes.optionLabel }}
              onClick={() => onChoose(option.value)}
            >
              {option.label || option.value}
            </Button>
          ))}
        </Group>
      )}
      {turn && !answer.text && <Waiting turn={turn} />}
      {state === "stopped" && (
        <Text size="sm" c="dimmed" mt="xs">
          Stopped.
        </Text>
      )}
      {state === "failed" && answer.failure && (
        <Failed failure={answer.failure} since={answer.touched} begun={Boolean(answer.text)} />
      )}
      {!growing && (
        <Group gap={2} className={classes.actions}>
          <Branches branches={branches} shown={stored.id} what="answer" />
          {answer.text && <CopyAction text={() => answer.text} label="Copy the answer" />}
          {!busy && (
            <Tooltip label="Ask again">
              <ActionIcon aria-label="Ask again" onClick={onRetry}>
                <IconRefresh size={16} />
              </ActionIcon>
            </Tooltip>
          )}
          <Facts answer={answer} />
        </Group>
      )}
    </article>
  );
});

interface FailedProps {
  failure: NonNullable<Answer["failure"]>;
  /** When it failed. */
  since: number;
  /** Whether there is something of an answer. */
  begun: boolean;
}

function Failed({ failure, since, begun }: FailedProps) {
  const want = useKey((state) => state.want);
  return (
    <Alert
      color="red"
      icon={<IconAlertTriangle size={18} />}
      mt="xs"
      title={begun ? "The answer is not complete" : "There is no answer"}
    >
      <span className={classes.failure}>{failure.message}</span>
      {failure.retryAfter !== null && <Later at={since + failure.retryAfter * 1000} />}
      {failure.code === "invalid_api_key" && (
        <Anchor component="button" type="button" size="sm" display="block" onClick={want}>
          Give a key
        </Anchor>
      )}
    </Alert>
  );
}

const WAYS: Record<string, string> = {
  continued: "The app went on in the same session.",
  injected: "A new session of the app was told what was said before.",
  flattened: "The app was told all that was said before in one message.",
};

function Facts({ answer }: { answer: Answer }) {
  if (answer.firstText === null || answer.duration === null) return null;
  const way = answer.way ? WAYS[answer.way] : undefined;
  return (
    <Tooltip label={way} disabled={!way}>
      <Text size="xs" c="dimmed" ml={6}>
        first text after {secondsText(answer.firstText / 1000)}, all after {secondsText(answer.duration / 1000)}
      </Text>
    </Tooltip>
  );
}
