import { Kbd, Modal, Table } from "@mantine/core";

const MOD = /mac|iphone|ipad/i.test(navigator.userAgent) ? "⌘" : "Ctrl";

const KEYS: [string[], string][] = [
  [["Enter"], "Send the message"],
  [["Shift", "Enter"], "A new line"],
  [["Esc"], "Stop the answer"],
  [["↑"], "Edit the last message, from an empty box"],
  [["/"], "To the message box"],
  [[MOD, "K"], "Search the conversations"],
  [[MOD, "Shift", "O"], "A new conversation"],
  [[MOD, "Shift", "S"], "The Space and its settings"],
  [["?"], "This list"],
];

export function Shortcuts({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts" closeButtonProps={{ "aria-label": "Close" }}>
      <Table>
        <Table.Tbody>
          {KEYS.map(([keys, what]) => (
            <Table.Tr key={what}>
              <Table.Td>
                {keys.map((key, number) => (
                  <span key={key}>
                    {number > 0 && " + "}
                    <Kbd>{key}</Kbd>
                  </span>
                ))}
              </Table.Td>
              <Table.Td>{what}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
