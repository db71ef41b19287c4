import type { Model, Space, SpaceState } from "../api/types";

/** Of a model: that of its Space, or that there is none any more. */
type State = SpaceState | "gone";

/** The states of a Space in words. */
export const STATES: Record<State, { name: string; text: string }> = {
  ready: { name: "ready", text: "The Space is there." },
  connecting: { name: "connecting", text: "The gateway is connecting to the Space." },
  new: { name: "not asked yet", text: "The gateway has not looked for the Space yet." },
  resting: {
    name: "resting",
    text: "The Space failed too often, or asked for patience; it is left alone for a while.",
  },
  asleep: { name: "asleep", text: "The Space sleeps; a message may wake it." },
  away: { name: "away", text: "The Space can't be reached." },
  unusable: { name: "unusable", text: "This model can't be used." },
  gone: { name: "not there", text: "The gateway has no such model, or none that can be used. Choose another one." },
};

export const COLOURS: Record<State, string> = {
  ready: "green",
  connecting: "blue",
  new: "gray",
  resting: "orange",
  asleep: "violet",
  away: "red",
  unusable: "red",
  gone: "red",
};

/** What is told of a state: the gateway's own words where it waits for something, such as that a Space wakes. */
export function textOf(state: State, space: Space | undefined): string {
  return (state === "connecting" && space?.waits_for) || STATES[state].text;
}

/** How full the Spaces of a model are. */
export function placesOf(model: Model): string {
  const spaces = model.spacebridge.spaces.filter((space) => space.state === "ready");
  if (!spaces.length) return "";
  const sum = (field: "busy" | "places" | "waiting") => spaces.reduce((total, space) => total + space[field], 0);
  const waiting = sum("waiting");
  return `${sum("busy")} of ${sum("places")} busy${waiting ? `, ${waiting} waiting` : ""}`;
}
