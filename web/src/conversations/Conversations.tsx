import { Button, ScrollArea, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useLiveQuery } from "dexie-react-hooks";
import { useState } from "react";
import { addressOf } from "../shell/route";
import { findConversations } from "../store/conversations";
import { ConversationItem, MENUS } from "./ConversationItem";
import classes from "./Conversations.module.css";
import { grouped } from "./groups";

/** All conversations, to be found, gone on with, and looked after. */
export function Conversations({ shown }: { shown: string | null }) {
  const [typed, setTyped] = useState("");
  const [words] = useDebouncedValue(typed, 150);
  const found = useLiveQuery(() => findConversations(words), [words]);
  return (
    <>
      <Stack p="sm" pb="xs" gap="xs">
        <Button component="a" href={addressOf({ page: "new" })} leftSection={<IconPlus size={16} aria-hidden />}>
          New conversation
        </Button>
        <TextInput
          id="search"
          type="search"
          aria-label="Search the conversations"
          placeholder="Search"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      </Stack>
      <ScrollArea flex={1} px="sm" type="auto" scrollbars="y" viewportProps={{ tabIndex: -1 }}>
        {found && !found.length && (
          <Text size="sm" c="dimmed" p="xs" role="status">
            {words ? "Nothing was found." : "Nothing has been said yet."}
          </Text>
        )}
        {grouped(found ?? [], Date.now()).map(([title, conversations]) => (
          <section key={title} aria-label={title} className={classes.group}>
            <Text size="xs" c="dimmed" px="xs" component="h2" fw={600}>
              {title}
            </Text>
            <ul className={classes.list}>
              {conversations.map((conversation) => (
                <ConversationItem key={conversation.id} conversation={conversation} shown={conversation.id === shown} />
              ))}
            </ul>
          </section>
        ))}
      </ScrollArea>
      <div id={MENUS} />
    </>
  );
}
