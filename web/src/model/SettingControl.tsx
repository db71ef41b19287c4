import {
  Checkbox,
  MultiSelect,
  NativeSelect,
  NumberInput,
  Slider,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import type { Setting } from "../api/types";

interface Props {
  setting: Setting;
  /** As it was set; undefined leaves it to the app. */
  value: unknown;
  onChange: (value: unknown) => void;
}

/** A setting of the app, as the control that fits it. */
export function SettingControl({ setting, value, onChange }: Props) {
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

function SliderControl({
  setting,
  label,
  value,
  onChange,
}: {
  setting: Setting;
  label: string;
  value: number;
  onChange: (value: number) => void;
}) {
  const low = setting.minimum ?? 0;
  const high = setting.maximum ?? 1;
  const whole = [low, high, Number(setting.default ?? low)].every(Number.isInteger) && high - low > 2;
  return (
    <Stack gap={4}>
      <Text size="sm" fw={500} component="span">
        {label}: {value}
      </Text>
      <Slider
        thumbLabel={label}
        value={value}
        onChange={onChange}
        min={low}
        max={high}
        step={whole ? 1 : (high - low) / 100}
        label={(shown) => Number(shown.toFixed(4))}
      />
    </Stack>
  );
}
