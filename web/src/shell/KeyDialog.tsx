import { Button, Checkbox, Group, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useKey } from "../api/key";
import { useModels } from "../model/models";

/** Asks for the API key, when the gateway wants one. */
export function KeyDialog() {
  const { key, wanted, later, set } = useKey();
  const [typed, setTyped] = useState("");
  const [remember, setRemember] = useState(false);
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    set(typed.trim(), remember);
    setTyped("");
    void useModels.getState().load();
  };
  return (
    <Modal opened={wanted} onClose={later} title="This gateway needs an API key" centered>
      <form onSubmit={submit}>
        <Stack>
          {key && (
            <Text c="red" role="alert">
              The key that was given is wrong.
            </Text>
          )}
          <PasswordInput
            label="API key"
            description="Whoever runs the gateway gave you one."
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            data-autofocus
            autoComplete="off"
            visibilityToggleButtonProps={{ "aria-label": "Show or hide the key" }}
          />
          <Checkbox
            label="Keep it in this browser"
            checked={remember}
            onChange={(event) => setRemember(event.currentTarget.checked)}
          />
          <Group justify="flex-end">
            <Button type="submit" disabled={!typed.trim()}>
              Use this key
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
