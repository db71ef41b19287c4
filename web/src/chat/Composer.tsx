import { ActionIcon, FileButton, Group, Text, Textarea, Tooltip } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import { IconPaperclip, IconPlayerStopFilled, IconSend2 } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { isTouched } from "../shell/focus";
import type { Upload } from "../store/db";
import { keepUnsent, readUnsent } from "../store/unsent";
import classes from "./Composer.module.css";
import { FileList } from "./FileList";

interface Props {
  /** Of the conversation; what is not sent yet is kept under it. */
  name: string;
  running: boolean;
  disabled: boolean;
  /** Whether the app takes files; null if that is not known. */
  takesFiles: boolean | null;
  onSend: (text: string, files: Upload[]) => void;
  onStop: () => void;
  onEditLast: () => void;
}

/** Where the user writes. */
export function Composer({ name, running, disabled, takesFiles, onSend, onStop, onEditLast }: Props) {
  const [text, setText] = useState(() => readUnsent(name).text);
  const [files, setFiles] = useState(() => readUnsent(name).files);
  const [refused, setRefused] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const empty = !text.trim() && !files.length;

  useEffect(() => {
    if (!isTouched()) box.current?.focus();
  }, []);

  useEffect(() => keepUnsent(name, { text, files }), [name, text, files]);

  function add(added: readonly File[]): void {
    setRefused(takesFiles === false);
    if (takesFiles === false) return;
    setFiles((before) => [...before, ...added.map(uploadOf)]);
    box.current?.focus();
  }

  function send(): void {
    if (empty || running || disabled) return;
    keepUnsent(name, { text: "", files: [] });
    setText("");
    setFiles([]);
    setRefused(false);
    onSend(text, files);
  }

  function pressed(event: React.KeyboardEvent): void {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing && !isTouched()) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && !text && !running) {
      event.preventDefault();
      onEditLast();
    }
  }

  function pasted(event: React.ClipboardEvent): void {
    const found = [...event.clipboardData.files];
    if (!found.length) return;
    event.preventDefault();
    add(found);
  }

  return (
    <form
      className={classes.composer}
      aria-label="Message"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Dropzone.FullScreen onDrop={add} activateOnDrag activateOnKeyboard={false} aria-hidden>
        <Text ta="center" size="xl" mt="30vh">
          {takesFiles === false ? "This app takes no files" : "Drop files here to send them with your message"}
        </Text>
      </Dropzone.FullScreen>
      <FileList files={files} onRemove={(number) => setFiles(files.filter((_, other) => other !== number))} />
      {takesFiles === false && (files.length > 0 || refused) && (
        <Text size="sm" c="red" px="xs" role="alert">
          {files.length > 0 ? "This app takes no files: it will refuse them." : "This app takes no files."}
        </Text>
      )}
      <Group align="flex-end" gap="xs" wrap="nowrap">
        {takesFiles !== false && (
          <FileButton onChange={add} multiple>
            {(props) => (
              <Tooltip label="Attach files">
                <ActionIcon {...props} size="lg" aria-label="Attach files">
                  <IconPaperclip size={20} />
                </ActionIcon>
              </Tooltip>
            )}
          </FileButton>
        )}
        <Textarea
          id="message"
          ref={box}
          className={classes.box}
          aria-label="Your message"
          placeholder="Write a message"
          autosize
          minRows={1}
          maxRows={10}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={pressed}
          onPaste={pasted}
          dir="auto"
        />
        {running ? (
          <Tooltip label="Stop (Esc)">
            <ActionIcon key="stop" size="lg" variant="filled" color="red" onClick={onStop} aria-label="Stop the answer">
              <IconPlayerStopFilled size={18} />
            </ActionIcon>
          </Tooltip>
        ) : (
          <Tooltip label="Send (Enter)">
            <ActionIcon
              key="send"
              type="submit"
              size="lg"
              variant="filled"
              color="blue"
              disabled={empty || disabled}
              aria-label="Send the message"
            >
              <IconSend2 size={20} />
            </ActionIcon>
          </Tooltip>
        )}
      </Group>
    </form>
  );
}

function uploadOf(file: File): Upload {
  return { name: file.name || "pasted", type: file.type, data: file };
}
