import { ActionIcon, Button, Group, Stack, Textarea, Tooltip } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { memo, useState } from "react";
import { CopyAction } from "../shell/CopyAction";
import type { Question, Upload } from "../store/db";
import { Branches } from "./Branches";
import { FileList } from "./FileList";
import classes from "./Message.module.css";

interface Props {
  question: Question;
  branches: { id: string }[];
  editing: boolean;
  onEdit: () => void;
  onCancel: () => void;
  onSend: (text: string, files: Upload[]) => void;
  busy: boolean;
}

export const QuestionView = memo(function QuestionView(props: Props) {
  const { question, branches, editing, onEdit, busy } = props;
  return (
    <article className={classes.question} aria-label="Your message" data-editing={editing || undefined}>
      {editing ? (
        <Editor {...props} />
      ) : (
        <>
          <div className={classes.bubble}>
            <FileList files={question.files} />
            {question.text && (
              <div className={classes.plain} dir="auto">
                {question.text}
              </div>
            )}
          </div>
          <Group gap={2} className={classes.actions} justify="flex-end">
            <Branches branches={branches} shown={question.id} what="message" />
            <CopyAction text={() => question.text} label="Copy the message" />
            {!busy && (
              <Tooltip label="Edit, and go on from there">
                <ActionIcon aria-label="Edit the message" onClick={onEdit}>
                  <IconPencil size={16} />
                </ActionIcon>
              </Tooltip>
            )}
          </Group>
        </>
      )}
    </article>
  );
});

function Editor({ question, onCancel, onSend }: Props) {
  const [text, setText] = useState(question.text);
  const [files, setFiles] = useState(question.files);
  const empty = !text.trim() && !files.length;
  const pressed = (event: React.KeyboardEvent) => {
    if (event.key === "Escape") {
      event.preventDefault();
      onCancel();
    } else if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      if (!empty) onSend(text, files);
    }
  };
  return (
    <Stack gap="xs">
      <FileList files={files} onRemove={(number) => setFiles(files.filter((_, other) => other !== number))} />
      <Textarea
        aria-label="Edit the message"
        autosize
        maxRows={14}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={pressed}
        autoFocus
        onFocus={(event) => event.currentTarget.setSelectionRange(text.length, text.length)}
      />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" size="xs" onClick={onCancel}>
          Cancel
        </Button>
        <Button size="xs" disabled={empty} onClick={() => onSend(text, files)}>
          Send
        </Button>
      </Group>
    </Stack>
  );
}
