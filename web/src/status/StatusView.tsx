import { Alert, Badge, Card, Group, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import "@mantine/charts/styles.css";
import { useEffect, useState } from "react";
import type { SpaceStatus, Status } from "../api/types";
import { COLOURS, STATES } from "../model/states";
import { load, type Sample } from "./load";
import { ErrorPlot, QueuePlot, TurnPlot } from "./plots";
import classes from "./StatusView.module.css";
import { medianOf, nameOf } from "./summary";

const LOOK_EVERY = 3000;

/** How the Spaces do, now and in their latest turns. */
export default function StatusView() {
  const [status, setStatus] = useState<Status | null>(null);
  const [samples, setSamples] = useState<Sample[]>([]);
  const [failure, setFailure] = useState("");

  useEffect(() => {
    const look = async () => {
      try {
        const { told, samples } = await load();
        setStatus(told);
        setSamples(samples);
        setFailure("");
      } catch (error) {
        setFailure(error instanceof Error ? error.message : String(error));
      }
    };
    void look();
    const looking = setInterval(() => void look(), LOOK_EVERY);
    return () => clearInterval(looking);
  }, []);

  const spaces = status?.spaces ?? [];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className={classes.status} aria-label="Status" tabIndex={0}>
      <Stack gap="md" className={classes.column}>
        <div>
          <Title order={1} size="h3">
            Status
          </Title>
          {status && (
            <Text size="sm" c="dimmed">
              The latest turns of each Space since {new Date(status.since * 1000).toLocaleString()}, up to 300.
            </Text>
          )}
        </div>
        {failure && <Alert color="red">{failure}</Alert>}
        {status && <Summary spaces={spaces} />}
        {status && (
          <SimpleGrid cols={{ base: 1, md: 2 }}>
            <Plot title="Time to the first text, in seconds">
              <TurnPlot spaces={spaces} field="first_text" unit=" s" />
            </Plot>
            <Plot title="Tokens per second, estimated">
              <TurnPlot spaces={spaces} field="tokens_per_second" unit="" />
            </Plot>
            <Plot title="Wait in the Space's own queue, in seconds">
              <TurnPlot spaces={spaces} field="queued" unit=" s" />
            </Plot>
            <Plot title="Under way and waiting here, since this page looks">
              <QueuePlot samples={samples} />
            </Plot>
            <Plot title="Errors">
              <ErrorPlot spaces={spaces} />
            </Plot>
          </SimpleGrid>
        )}
      </Stack>
    </section>
  );
}

function Plot({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Card withBorder padding="sm" component="figure" m={0} aria-label={title}>
      <Text component="figcaption" size="sm" fw={600} mb="xs">
        {title}
      </Text>
      {children}
    </Card>
  );
}

function Summary({ spaces }: { spaces: SpaceStatus[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className={classes.scroll} aria-label="The Spaces in numbers" tabIndex={0}>
      <Table miw={720} verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Space</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th ta="end">Under way</Table.Th>
            <Table.Th ta="end">Waiting</Table.Th>
            <Table.Th ta="end">First text</Table.Th>
            <Table.Th ta="end">Tokens/s</Table.Th>
            <Table.Th ta="end">Turns</Table.Th>
            <Table.Th ta="end">Errors</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {spaces.map((space) => (
            <Table.Tr key={nameOf(space, spaces)}>
              <Table.Td>
                <Group gap={6}>
                  <Text size="sm" fw={600}>
                    {nameOf(space, spaces)}
                  </Text>
                  <Text size="sm" c="dimmed">
                    {space.title}
                  </Text>
                </Group>
              </Table.Td>
              <Table.Td>
                <Badge color={COLOURS[space.state]} variant="dot" tt="none" miw="max-content">
                  {STATES[space.state].name}
                </Badge>
              </Table.Td>
              <Table.Td ta="end">
                {space.busy} of {space.places}
              </Table.Td>
              <Table.Td ta="end">{space.waiting}</Table.Td>
              <Table.Td ta="end">{medianOf(space, "first_text", " s", 2)}</Table.Td>
              <Table.Td ta="end">{medianOf(space, "tokens_per_second", "", 1)}</Table.Td>
              <Table.Td ta="end">{space.turns.length}</Table.Td>
              <Table.Td ta="end">{space.turns.filter((turn) => turn.error).length}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
