import { ActionIcon, Alert, Center, Loader, Stack, Text, Title, VisuallyHidden } from "@mantine/core";
import { IconArrowDown } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { takesFiles, useModels } from "../model/models";
import { focusOnMessage } from "../shell/focus";
import { goTo } from "../shell/route";
import type { Answer, Question, Upload } from "../store/db";
import { answerAgain, say } from "../store/say";
import { branchesOf, pathTo } from "../store/tree";
import { stateOf, stopTurn, useTurns } from "../store/turns";
import { Announcer } from "./Announcer";
import { AnswerView } from "./AnswerView";
import classes from "./Chat.module.css";
import { Composer } from "./Composer";
import type { Current } from "./current";
import { QuestionView } from "./QuestionView";
import { useStickToEnd } from "./stick";

/** A conversation, and the box to go on with it. */
export function Chat({ current }: { current: Current }) {
  const { conversation, messages } = current;
  const path = useMemo(() => pathTo(messages, conversation?.leaf ?? null), [messages, conversation?.leaf]);
  const [edited, setEdited] = useState<string | null>(null);
  const last = path.at(-1);
  const running = useTurns((state) => (last && state.running[last.id] ? last.id : null));
  const waits = last?.role === "assistant" && stateOf(last, running !== null) === "running";
  const { scroller, atEnd, toEnd } = useStickToEnd(running !== null);
  const failure = useModels((state) => (state.models.length ? "" : state.failure));

  async function send(text: string, files: Upload[]): Promise<void> {
    const begun = await current.begun();
    const done = say(begun, last?.id ?? null, text, files);
    if (!conversation) goTo({ page: "conversation", id: begun.id });
    toEnd();
    await done;
  }

  async function resend(question: Question, text: string, files: Upload[]): Promise<void> {
    stopEditing();
    if (conversation) await say(conversation, question.parent, text, files);
  }

  function stopEditing(): void {
    setEdited(null);
    focusOnMessage();
  }

  function again(answer: Answer): void {
    if (conversation) void answerAgain(conversation, answer);
    focusOnMessage();
  }

  const lastQuestion = path.findLast((message) => message.role === "user");
  return (
    <div className={classes.chat}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section className={classes.scroller} ref={scroller} aria-label="Messages" tabIndex={0}>
        <div className={classes.column}>
          {current.loading && (
            <Center h="50vh">
              <Loader aria-label="Loading" />
            </Center>
          )}
          {!current.loading && !path.length && <Welcome model={current.model} failure={failure} />}
          {path.length > 0 && <VisuallyHidden component="h1">{conversation?.title}</VisuallyHidden>}
          {path.map((message) =>
            message.role === "user" ? (
              <QuestionView
                key={message.id}
                question={message}
                branches={branchesOf(messages, message)}
                editing={edited === message.id}
                onEdit={() => setEdited(message.id)}
                onCancel={stopEditing}
                onSend={(text, files) => void resend(message, text, files)}
                busy={waits}
              />
            ) : (
              <AnswerView
                key={message.id}
                answer={message}
                branches={branchesOf(messages, message)}
                onRetry={() => again(message)}
                onChoose={message === last ? (text) => void send(text, []) : undefined}
                busy={waits}
              />
            ),
          )}
        </div>
      </section>
      {!atEnd && path.length > 0 && (
        <ActionIcon
          className={classes.toEnd}
          variant="default"
          radius="xl"
          size="lg"
          onClick={toEnd}
          aria-label="To the end"
        >
          <IconArrowDown size={18} />
        </ActionIcon>
      )}
      <Announcer answer={last?.role === "assistant" ? last.id : null} />
      <div className={`${classes.column} ${classes.composing}`}>
        <Composer
          name={conversation?.id ?? ""}
          running={waits}
          disabled={!current.model}
          takesFiles={takesFiles(current.described)}
          onSend={(text, files) => void send(text, files)}
          onStop={() => last && stopTurn(last.id)}
          onEditLast={() => lastQuestion && setEdited(lastQuestion.id)}
        />
      </div>
    </div>
  );
}

function Welcome({ model, failure }: { model: string; failure: string }) {
  return (
    <Stack align="center" justify="center" mih="45vh" gap="xs" ta="center">
      <Title order={1} size="h2">
        {model ? `Ask ${model}` : "No model"}
      </Title>
      <Text c="dimmed" maw="32rem">
        Answers come from the Gradio app behind this model. What is said is kept in this browser.
      </Text>
      {failure && (
        <Alert color="red" maw="32rem" title="The models are not known">
          {failure}
        </Alert>
      )}
    </Stack>
  );
}
