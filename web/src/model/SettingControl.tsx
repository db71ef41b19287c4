import {
  ActionIcon,
  Box,
  Checkbox,
  Group,
  MultiSelect,
  NativeSelect,
  NumberInput,
  Slider,
  Stack,
  Text,
  Textarea,
  TextInput,
  Tooltip,
} from "@mantine/core";
import { IconRestore } from "@tabler/icons-react";
import type { Setting } from "../api/types";

interface Props {
  setting: Setting;
  /** As it was set; undefined leaves it to the app. */
  value: unknown;
  onChange: (value: unknown) => void;
}

/** A setting of the app, and the way back to what the app has. */
export function SettingControl(props: Props) {
  const { setting, value, onChange } = props;
  const name = `Reset ${setting.label || setting.name}`;
  return (
    <Group gap={4} wrap="nowrap" align="flex-end">
      <Box flex={1} miw={0}>
        <Control {...props} />
      </Box>
      {value !== undefined && (
        <Tooltip label="As the app has it">
          <ActionIcon aria-label={name} onClick={() => onChange(undefined)}>
            <IconRestore size={16} />
          </ActionIcon>
        </Tooltip>
      )}
    </Group>
  );
}

/** The control that fits a setting. */
function Control({ setting, value, onChange }: Props) {
  const shown = value === undefined ? setting.default : value;
  const label = setting.label || setting.name;
  if (setting.type === "checkbox") {
    return (
      <Checkbox label={label} checked={Boolean(shown)} onChange={(event) => onChange(event.currentTarget.checked)} />
    );
  }
  if (setting.choices && Array.isArray(setting.default)) {
    const chosen = Array.isArray(shown) ? shown.map(String) : [];
    return <MultiSelect label={label} data={[...new Set(setting.choices)]} value={chosen} onChange={onChange} />;
  }
  if (setting.choices) {
    const data = [...new Set(setting.choices)];
    const chosen = String(shown ?? "");
    if (!data.includes(chosen)) data.unshift(chosen);
    return (
      <NativeSelect
        label={label}
        data={data}
        value={chosen}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  if (setting.type === "slider" && setting.minimum !== null && setting.maximum !== null) {
    return (
      <SliderControl setting={setting} label={label} value={Number(shown ?? setting.minimum)} onChange={onChange} />
    );
  }
  if (setting.type === "slider" || setting.type === "number") {
    return (
      <NumberInput
        label={label}
        value={typeof shown === "number" ? shown : ""}
        min={setting.minimum ?? undefined}
        max={setting.maximum ?? undefined}
        onChange={(entered) => onChange(typeof entered === "number" ? entered : undefined)}
      />
    );
  }
  const text = typeof shown === "string" ? shown : JSON.stringify(shown ?? "");
  if (setting.type === "textbox") {
    return <TextInput label={label} value={text} onChange={(event) => onChange(event.currentTarget.value)} />;
  }
  return (
    <Textarea
      label={label}
      value={text}
      autosize
      maxRows={8}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

interface SliderProps {
  setting: Setting;
  label: string;
  value: number;
  onChange: (value: unknown) => void;
}

/** A slider, and its number to be typed: of thousands of values a slider only comes near one. */
function SliderControl({ setting, label, value, onChange }: SliderProps) {
  const low = setting.minimum ?? 0;
  const high = setting.maximum ?? 1;
  const step = setting.step ?? stepOf(low, high, Number(setting.default ?? low));
  return (
    <Group gap="sm" wrap="nowrap" align="flex-end">
      <Stack gap={4} flex={1} pb={8}>
        <Text size="sm" fw={500} component="span">
          {label}
        </Text>
        <Slider
          thumbLabel={label}
          value={value}
          onChange={onChange}
          min={low}
          max={high}
          step={step}
          label={(shown) => Number(shown.toFixed(4))}
        />
      </Stack>
      <NumberInput
        aria-label={`${label}, as a number`}
        size="xs"
        w={76}
        hideControls
        value={value}
        min={low}
        max={high}
        decimalScale={6}
        onChange={(entered) => {
          if (typeof entered === "number" && entered >= low && entered <= high) onChange(entered);
        }}
      />
    </Group>
  );
}

function stepOf(low: number, high: number, usual: number): number {
  const whole = [low, high, usual].every(Number.isInteger) && high - low > 2;
  return whole ? 1 : (high - low) / 100;
}
