import { BarChart, LineChart, ScatterChart } from "@mantine/charts";
import { Text } from "@mantine/core";
import type { SpaceStatus } from "../api/types";
import type { Sample } from "./load";
import classes from "./StatusView.module.css";
import { errorsOf, type Measure, nameOf } from "./summary";

const COLOURS = ["blue.6", "orange.6", "teal.6", "grape.6", "red.6", "lime.6", "cyan.6", "pink.6"];
const HEIGHT = 220;

/** A measure of the latest turns, one point for each. */
export function TurnPlot({ spaces, field, unit }: { spaces: SpaceStatus[]; field: Measure; unit: string }) {
  const data = spaces
    .map((space, number) => ({
      color: colourOf(number),
      name: nameOf(space, spaces),
      data: space.turns.flatMap((turn) => {
        const value = turn[field];
        return value === null ? [] : [{ time: turn.at * 1000, value }];
      }),
    }))
    .filter((series) => series.data.length > 0);
  if (!data.length) return <Nothing />;
  return (
    <ScatterChart
      h={HEIGHT}
      data={data}
      dataKey={{ x: "time", y: "value" }}
      xAxisProps={{ type: "number", domain: ["dataMin", "dataMax"], tickCount: 5, scale: "time" }}
      yAxisProps={{ domain: [0, "auto"], width: 62 }}
      valueFormatter={{ x: clock, y: (value) => `${round(value)}${unit}` }}
      withLegend={data.length > 1}
    />
  );
}

/** How full the Spaces are while one looks. */
export function QueuePlot({ samples }: { samples: Sample[] }) {
  const names = Object.keys(samples.at(-1)?.turns ?? {});
  if (!names.length) return <Nothing />;
  return (
    <LineChart
      h={HEIGHT}
      data={samples.map(({ at, turns }) => ({ time: clock(at * 1000), ...turns }))}
      dataKey="time"
      series={names.map((name, number) => ({ name, color: colourOf(number) }))}
      curveType="stepAfter"
      withDots={false}
      withLegend={names.length > 1}
      yAxisProps={{ allowDecimals: false, domain: [0, "auto"], width: 32 }}
    />
  );
}

/** How often which error ended a turn. */
export function ErrorPlot({ spaces }: { spaces: SpaceStatus[] }) {
  const counts = spaces.map((space) => [nameOf(space, spaces), errorsOf(space.turns)] as const);
  const kinds = [...new Set(counts.flatMap(([, errors]) => [...errors.keys()]))];
  if (!kinds.length) return <Nothing text="None." />;
  return (
    <BarChart
      h={HEIGHT}
      data={counts.map(([name, errors]) => ({ name, ...Object.fromEntries(errors) }))}
      dataKey="name"
      type="stacked"
      series={kinds.map((name, number) => ({ name, color: colourOf(number + 4) }))}
      withLegend
      yAxisProps={{ allowDecimals: false, width: 32 }}
    />
  );
}

function Nothing({ text = "Nothing yet." }: { text?: string }) {
  return (
    <div className={classes.empty}>
      <Text size="sm" c="dimmed">
        {text}
      </Text>
    </div>
  );
}

function colourOf(number: number): string {
  return COLOURS[number % COLOURS.length] ?? "blue.6";
}

function clock(time: number): string {
  return new Date(time).toLocaleTimeString();
}

function round(value: number): string {
  return String(Number(value.toPrecision(value < 1000 ? 3 : 4)));
}
