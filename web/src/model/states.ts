import type { Model, SpaceState } from "../api/types";

/** The states of a Space in words. */
export const STATES: Record<SpaceState, { name: string; text: string }> = {
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
};

export const COLOURS: Record<SpaceState, string> = {
  ready: "green",
  connecting: "blue",
  new: "gray",
  resting: "orange",
  asleep: "violet",
  away: "red",
  unusable: "red",
};

/** How full the Spaces of a model are. */
export function placesOf(model: Model): string {
  const spaces = model.spacebridge.spaces.filter((space) => space.state === "ready");
  if (!spaces.length) return "";
  const sum = (field: "busy" | "places" | "waiting") => spaces.reduce((total, space) => total + space[field], 0);
  const waiting = sum("waiting");
  return `${sum("busy")} of ${sum("places")} busy${waiting ? `, ${waiting} waiting` : ""}`;
}
