import type { PastTurn, SpaceStatus } from "../api/types";

/** A Space by its model, and by its number where the model has several. */
export function nameOf(space: SpaceStatus, all: SpaceStatus[]): string {
  const several = all.filter((other) => other.model === space.model).length > 1;
  return several ? `${space.model} ${space.number}` : space.model;
}

export type Measure = "first_text" | "tokens_per_second" | "queued";

/** The median of a Space's turns, as text. */
export function medianOf(space: SpaceStatus, field: Measure, unit: string, digits: number): string {
  const values = space.turns.map((turn) => turn[field]).filter((value) => value !== null);
  const sorted = values.sort((one, other) => one - other);
  const middle = sorted[Math.floor(sorted.length / 2)];
  return middle === undefined ? "–" : `${middle.toFixed(digits)}${unit}`;
}

/** How often a Space failed in which way. */
export function errorsOf(turns: PastTurn[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { error } of turns) if (error) counts.set(error, (counts.get(error) ?? 0) + 1);
  return counts;
}
