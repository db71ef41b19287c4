import { ActionIcon, Group, Text } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { showBranch } from "../store/conversations";
import { db } from "../store/db";

/** Which of several messages in the same place is shown. */
export function Branches({ branches, shown, what }: { branches: { id: string }[]; shown: string; what: string }) {
  if (branches.length < 2) return null;
  const at = branches.findIndex((branch) => branch.id === shown);
  const go = async (to: number) => {
    const message = await db.messages.get(branches[to]?.id ?? "");
    if (message) await showBranch(message);
  };
  return (
    <Group gap={0} wrap="nowrap" role="group" aria-label={`Other forms of this ${what}`}>
      <ActionIcon aria-label={`The ${what} before`} disabled={at <= 0} onClick={() => void go(at - 1)}>
        <IconChevronLeft size={16} />
      </ActionIcon>
      <Text size="xs">
        {at + 1} of {branches.length}
      </Text>
      <ActionIcon aria-label={`The ${what} after`} disabled={at >= branches.length - 1} onClick={() => void go(at + 1)}>
        <IconChevronRight size={16} />
      </ActionIcon>
    </Group>
  );
}
