import { ActionIcon, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";

/** A button that copies a text. */
export function CopyAction({ text, label }: { text: () => string; label: string }) {
  const clipboard = useClipboard({ timeout: 2000 });
  return (
    <Tooltip label={clipboard.error ? "The browser does not let it be copied" : clipboard.copied ? "Copied" : label}>
      <ActionIcon aria-label={label} onClick={() => clipboard.copy(text())}>
        {clipboard.copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
      </ActionIcon>
    </Tooltip>
  );
}
