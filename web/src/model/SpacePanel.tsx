import { Badge, Button, CloseButton, Divider, Group, ScrollArea, Stack, Text, Textarea, Title } from "@mantine/core";
import type { Space } from "../api/types";
import type { Current } from "../chat/current";
import { settingsOf } from "./models";
import { SettingControl } from "./SettingControl";
import { COLOURS, STATES, textOf } from "./states";

/** What the Space is, and what it lets be set. */
export function SpacePanel({ current, onClose }: { current: Current; onClose: () => void }) {
  const { described, settings } = current;
  // What the app calls system is in the field above.
  const known = settingsOf(described).filter((setting) => setting.name !== "system");
  const changed = Object.keys(settings).length > 0;
  return (
    <ScrollArea h="100%" type="auto">
      <Stack p="md" gap="md">
        <Group justify="space-between" wrap="nowrap">
          <Title order={2} size="h4">
            {current.model || "No model"}
          </Title>
          <CloseButton onClick={onClose} aria-label="Close this panel" />
        </Group>
        {described?.spacebridge.spaces.map((space, number) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: that is how Spaces are told apart here
          <SpaceFacts key={number} space={space} number={described.spacebridge.spaces.length > 1 ? number + 1 : 0} />
        ))}
        <Divider />
        <Textarea
          label="System message"
          description="What the model is told before everything else."
          autosize
          minRows={2}
          maxRows={8}
          value={current.system}
          onChange={(event) => current.change({ system: event.currentTarget.value })}
        />
        {known.map((setting) => (
          <SettingControl
            key={setting.name}
            setting={setting}
            value={settings[setting.name]}
            onChange={(value) => current.change({ settings: changedBy(settings, setting.name, value) })}
          />
        ))}
        {described?.spacebridge.spaces.some((space) => space.settings) && !known.length && (
          <Text size="sm" c="dimmed">
            This app has nothing else to set.
          </Text>
        )}
        {changed && (
          <Button variant="default" onClick={() => current.change({ settings: {} })}>
            Reset all settings
          </Button>
        )}
      </Stack>
    </ScrollArea>
  );
}

/** Settings with one more value; without one, the app's own holds. */
function changedBy(settings: Record<string, unknown>, name: string, value: unknown): Record<string, unknown> {
  const { [name]: _, ...others } = settings;
  return value === undefined ? others : { ...others, [name]: value };
}

function SpaceFacts({ space, number }: { space: Space; number: number }) {
  return (
    <Stack gap={4}>
      <Group gap="xs">
        {number > 0 && <Text fw={600}>{number}.</Text>}
        <Badge color={COLOURS[space.state]} variant="dot" tt="none">
          {STATES[space.state].name}
        </Badge>
        {space.title && <Text fw={600}>{space.title}</Text>}
      </Group>
      <Text size="sm" c="dimmed">
        {textOf(space.state, space)} {space.rests_for ? `For ${Math.ceil(space.rests_for)} s more. ` : ""}
        {space.busy} of {space.places} places taken, {space.waiting} waiting.
        {space.gradio && ` Gradio ${space.gradio}.`}
        {space.takes_files !== undefined && (space.takes_files ? " Takes files." : " Takes no files.")}
      </Text>
    </Stack>
  );
}
