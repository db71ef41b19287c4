import { Badge, Button, Group, NativeSelect, Tooltip, VisuallyHidden } from "@mantine/core";
import { useEffect } from "react";
import { useKey } from "../api/key";
import type { Model } from "../api/types";
import type { Current } from "../chat/current";
import classes from "./ModelPicker.module.css";
import { useModels } from "./models";
import { COLOURS, placesOf, STATES, textOf } from "./states";

const LOOK_EVERY = 10_000;

/** Which model is asked, and how its Space is. */
export function ModelPicker({ current }: { current: Current }) {
  const { models, refused, load } = useModels();
  // biome-ignore lint/correctness/useExhaustiveDependencies: who chooses another model looks at how it is now
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === "visible") void load();
    };
    // Without a key there is nothing to be seen; the dialog looks again.
    if (refused) return;
    look();
    const looking = setInterval(look, LOOK_EVERY);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(looking);
      document.removeEventListener("visibilitychange", look);
    };
  }, [current.model, refused, load]);
  const names = models.map((model) => model.id);
  if (current.model && !names.includes(current.model)) names.unshift(current.model);
  return (
    <Group gap="xs" wrap="nowrap" className={classes.picker}>
      <NativeSelect
        aria-label="Model"
        data={names}
        value={current.model}
        disabled={!names.length}
        onChange={(event) => current.change({ model: event.currentTarget.value })}
        className={classes.select}
      />
      <How model={current.described} />
    </Group>
  );
}

/** How the model's Space is, or why that is not known. */
function How({ model }: { model: Model | undefined }) {
  const { failure, unreachable, refused, loaded } = useModels();
  const wantKey = useKey((state) => state.want);
  if (refused) {
    return (
      <Button size="xs" onClick={wantKey} className={classes.badge}>
        Give a key
      </Button>
    );
  }
  if (failure) {
    return (
      <Tooltip label={failure} events={{ hover: true, focus: true, touch: true }}>
        <Badge color="red" variant="dot" tt="none" className={classes.badge} role="alert">
          <span aria-hidden>{unreachable ? "unreachable" : "failing"}</span>
          <VisuallyHidden>{failure}</VisuallyHidden>
        </Badge>
      </Tooltip>
    );
  }
  return loaded ? <StateBadge model={model} /> : null;
}

function StateBadge({ model }: { model: Model | undefined }) {
  const state = model?.spacebridge.state ?? "gone";
  const places = model ? placesOf(model) : "";
  return (
    <Tooltip label={`${textOf(state, model?.spacebridge.spaces[0])}${places ? ` ${places}.` : ""}`}>
      <Badge color={COLOURS[state]} variant="dot" tt="none" className={classes.badge}>
        {STATES[state].name}
        <span className={classes.places}>{places && ` · ${places}`}</span>
      </Badge>
    </Tooltip>
  );
}
