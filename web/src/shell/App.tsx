import { AppShell, Center, Loader } from "@mantine/core";
import { useDisclosure, useDocumentTitle, useHotkeys, useMediaQuery } from "@mantine/hooks";
import { lazy, Suspense, useEffect } from "react";
import { Chat } from "../chat/Chat";
import { useCurrent } from "../chat/current";
import { Conversations } from "../conversations/Conversations";
import { SpacePanel } from "../model/SpacePanel";
import { useStorage } from "../store/useStorage";
import { useStopByEscape } from "./escape";
import { focusOn } from "./focus";
import { Header } from "./Header";
import { KeyDialog } from "./KeyDialog";
import { goTo, type Route, useRoute } from "./route";
import { Shortcuts } from "./Shortcuts";

const StatusView = lazy(() => import("../status/StatusView"));

const PHONE = "(max-width: 48em)";

export function App() {
  useStorage();
  const route = useRoute();
  const phone = useMediaQuery(PHONE, window.matchMedia(PHONE).matches, { getInitialValueInEffect: false });
  const [listOpen, list] = useDisclosure(!phone);
  const [panelOpen, panel] = useDisclosure(false);
  const [helpOpen, help] = useDisclosure(false);
  const current = useCurrent(route);
  useDocumentTitle(titleOf(route, current.conversation?.title));

  // biome-ignore lint/correctness/useExhaustiveDependencies: on a phone the list makes way for what was chosen in it
  useEffect(() => {
    if (phone) list.close();
  }, [route.page, route.page === "conversation" ? route.id : "", phone]);

  useHotkeys(
    [
      ["shift+Slash", help.open],
      ["shift+?", help.open],
      ["Slash", () => focusOn("message")],
    ],
    ["INPUT", "TEXTAREA", "SELECT"],
  );
  const findConversation = () => {
    list.open();
    focusOn("search");
  };
  // These mean nothing to a text box, and hold there, too.
  useHotkeys(
    [
      ["mod+K", findConversation],
      ["mod+shift+O", () => goTo({ page: "new" })],
      ["mod+shift+S", panel.toggle],
    ],
    [],
  );

  useStopByEscape();

  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 290, breakpoint: "sm", collapsed: { mobile: !listOpen, desktop: !listOpen } }}
      aside={{ width: 320, breakpoint: "md", collapsed: { mobile: !panelOpen, desktop: !panelOpen } }}
      transitionDuration={0}
    >
      <button type="button" className="skip" onClick={() => focusOn("message")}>
        To the message box
      </button>
      <AppShell.Header>
        <Header
          current={current}
          listOpen={listOpen}
          onList={list.toggle}
          panelOpen={panelOpen}
          onPanel={panel.toggle}
          onHelp={help.open}
        />
      </AppShell.Header>
      <AppShell.Navbar aria-label="Conversations">
        <Conversations shown={route.page === "conversation" ? route.id : null} />
      </AppShell.Navbar>
      <AppShell.Main h="100dvh">
        {route.page === "status" ? (
          <Suspense
            fallback={
              <Center h="100%">
                <Loader aria-label="Loading" />
              </Center>
            }
          >
            <StatusView />
          </Suspense>
        ) : (
          <Chat current={current} key={route.page === "conversation" ? route.id : "new"} />
        )}
      </AppShell.Main>
      <AppShell.Aside aria-label="The Space and its settings">
        {panelOpen && <SpacePanel current={current} onClose={panel.close} />}
      </AppShell.Aside>
      <KeyDialog />
      <Shortcuts opened={helpOpen} onClose={help.close} />
    </AppShell>
  );
}

function titleOf(route: Route, conversation: string | undefined): string {
  if (route.page === "status") return "Status – spacebridge";
  return conversation ? `${conversation} – spacebridge` : "spacebridge";
}
