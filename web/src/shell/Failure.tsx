import { Alert, Button, Center, Stack, Text } from "@mantine/core";
import { Component, type ReactNode } from "react";

/** In place of an empty page: what went wrong, such as that the browser keeps nothing for this address. */
export class Failure extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <Center h="100dvh" p="md">
        <Alert color="red" title="The page has failed" maw="36rem">
          <Stack align="flex-start" gap="sm">
            <Text size="sm">{error instanceof Error ? error.message : String(error)}</Text>
            <Text size="sm">
              It needs the browser's storage (IndexedDB), which some forbid in private windows or where cookies are off.
            </Text>
            <Button size="xs" onClick={() => window.location.reload()}>
              Load it again
            </Button>
          </Stack>
        </Alert>
      </Center>
    );
  }
}
