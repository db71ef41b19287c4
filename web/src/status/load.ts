import { readStatus } from "../api/client";
import type { Status } from "../api/types";
import { nameOf } from "./summary";

/** How full the Spaces were at one time: under way and waiting together, by name. */
export interface Sample {
  at: number;
  turns: Record<string, number>;
}

const MOST = 400;

/** What was seen since the page was loaded; it stays when another view is looked at. */
let seen: Sample[] = [];

export async function load(): Promise<{ told: Status; samples: Sample[] }> {
  const told = await readStatus();
  const turns = Object.fromEntries(
    told.spaces.map((space) => [nameOf(space, told.spaces), space.busy + space.waiting]),
  );
  seen = [...seen.slice(1 - MOST), { at: told.now, turns }];
  return { told, samples: seen };
}
