import { ActionIcon, Group, Tooltip, useMantineColorScheme } from "@mantine/core";
import {
  IconAdjustments,
  IconChartLine,
  IconDeviceDesktop,
  IconKeyboard,
  IconLayoutSidebar,
  IconMoon,
  IconSun,
} from "@tabler/icons-react";
import type { Current } from "../chat/current";
import { ModelPicker } from "../model/ModelPicker";
import { addressOf } from "./route";

interface Props {
  current: Current;
  listOpen: boolean;
  onList: () => void;
  panelOpen: boolean;
  onPanel: () => void;
  onHelp: () => void;
}

/** What stands above everything. */
export function Header({ current, listOpen, onList, panelOpen, onPanel, onHelp }: Props) {
  return (
    <Group h="100%" px="xs" gap={4} wrap="nowrap">
      {/* Over what they open, tooltips would cover it. */}
      <Tooltip label="Show the conversations" disabled={listOpen}>
        <ActionIcon
          size="lg"
          onClick={onList}
          aria-label={listOpen ? "Hide the conversations" : "Show the conversations"}
          aria-expanded={listOpen}
        >
          <IconLayoutSidebar size={20} />
        </ActionIcon>
      </Tooltip>
      <ModelPicker current={current} />
      <Tooltip label="The Space and its settings" disabled={panelOpen}>
        <ActionIcon
          size="lg"
          onClick={onPanel}
          aria-label="The Space and its settings"
          aria-expanded={panelOpen}
          variant={panelOpen ? "light" : "subtle"}
        >
          <IconAdjustments size={20} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Status">
        <ActionIcon size="lg" component="a" href={addressOf({ page: "status" })} aria-label="Status">
          <IconChartLine size={20} />
        </ActionIcon>
      </Tooltip>
      <SchemeAction />
      <Tooltip label="Keyboard shortcuts">
        <ActionIcon size="lg" onClick={onHelp} aria-label="Keyboard shortcuts" visibleFrom="sm">
          <IconKeyboard size={20} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}

const SCHEMES = {
  auto: { next: "light", label: "Colours as the system has them", icon: IconDeviceDesktop },
  light: { next: "dark", label: "Light colours", icon: IconSun },
  dark: { next: "auto", label: "Dark colours", icon: IconMoon },
} as const;

function SchemeAction() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { next, label, icon: Icon } = SCHEMES[colorScheme];
  const text = `${label}; press for others`;
  return (
    <Tooltip label={text}>
      <ActionIcon size="lg" onClick={() => setColorScheme(next)} aria-label={text}>
        <Icon size={20} />
      </ActionIcon>
    </Tooltip>
  );
}
