import { ActionIcon, Button, Group, Menu, Modal, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBraces, IconDots, IconMarkdown, IconPencil, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { addressOf, leaveFor } from "../shell/route";
import { deleteConversation, messagesOf, renameConversation } from "../store/conversations";
import type { Conversation } from "../store/db";
import { download, fileName, toJson, toMarkdown } from "../store/exports";
import { stopTurn } from "../store/turns";
import classes from "./Conversations.module.css";

/** Where the menus are drawn: outside of what scrolls, but within the navigation. */
export const MENUS = "menus";

/** One conversation of the list. */
export function ConversationItem({ conversation, shown }: { conversation: Conversation; shown: boolean }) {
  const [renaming, rename] = useDisclosure(false);
  const [deleting, remove] = useDisclosure(false);
  return (
    <li className={classes.item} data-shown={shown || undefined}>
      <a
        className={classes.link}
        href={addressOf({ page: "conversation", id: conversation.id })}
        aria-current={shown ? "page" : undefined}
      >
        {conversation.title}
      </a>
      <Menu position="bottom-end" withInitialFocusPlaceholder={false} portalProps={{ target: `#${MENUS}` }}>
        <Menu.Target>
          <ActionIcon className={classes.more} aria-label={`More about ${conversation.title}`}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={16} />} onClick={rename.open}>
            Rename
          </Menu.Item>
          <Menu.Item leftSection={<IconMarkdown size={16} />} onClick={() => void exportAs(conversation, "md")}>
            Export as Markdown
          </Menu.Item>
          <Menu.Item leftSection={<IconBraces size={16} />} onClick={() => void exportAs(conversation, "json")}>
            Export as JSON
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconTrash size={16} color="var(--mantine-color-red-filled)" />}
            onClick={remove.open}
          >
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <RenameDialog conversation={conversation} opened={renaming} onClose={rename.close} />
      <DeleteDialog conversation={conversation} shown={shown} opened={deleting} onClose={remove.close} />
    </li>
  );
}

async function exportAs(conversation: Conversation, ending: "md" | "json"): Promise<void> {
  const messages = await messagesOf(conversation.id);
  const name = fileName(conversation.title, ending);
  if (ending === "md") download(name, "text/markdown", toMarkdown(conversation, messages));
  else download(name, "application/json", await toJson(conversation, messages));
}

interface DialogProps {
  conversation: Conversation;
  opened: boolean;
  onClose: () => void;
}

function RenameDialog({ conversation, opened, onClose }: DialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Rename the conversation"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <RenameForm conversation={conversation} onClose={onClose} />
    </Modal>
  );
}

function RenameForm({ conversation, onClose }: Omit<DialogProps, "opened">) {
  const [title, setTitle] = useState(conversation.title);
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    void renameConversation(conversation.id, title);
    onClose();
  };
  return (
    <form onSubmit={submit}>
      <TextInput label="Title" value={title} onChange={(event) => setTitle(event.currentTarget.value)} data-autofocus />
      <Group justify="flex-end" mt="md">
        <Button type="submit">Rename</Button>
      </Group>
    </form>
  );
}

function DeleteDialog({ conversation, shown, opened, onClose }: DialogProps & { shown: boolean }) {
  const remove = async () => {
    for (const message of await messagesOf(conversation.id)) stopTurn(message.id);
    await deleteConversation(conversation.id);
    onClose();
    if (shown) leaveFor({ page: "new" });
  };
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Delete the conversation?"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Text size="sm">“{conversation.title}” and its files will be gone from this browser.</Text>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose} data-autofocus>
          Keep it
        </Button>
        <Button color="red" onClick={() => void remove()}>
          Delete
        </Button>
      </Group>
    </Modal>
  );
}
