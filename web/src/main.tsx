import "@mantine/core/styles.css";
import "@mantine/dropzone/styles.css";
import "./markdown/colours.css";
import "./shell/page.css";
import { MantineProvider } from "@mantine/core";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { preloadMarkdown } from "./markdown/LazyMarkdown";
import { App } from "./shell/App";
import { Failure } from "./shell/Failure";
import { colours, theme } from "./shell/theme";

// Styles that the components make are let in by the nonce of this visit alone.
const nonce = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";
setNonce(nonce);

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={colours}
        defaultColorScheme="auto"
        getStyleNonce={() => nonce}
      >
        <Failure>
          <App />
        </Failure>
      </MantineProvider>
    </StrictMode>,
  );
}

window.addEventListener("load", preloadMarkdown);
