import { type CSSVariablesResolver, createTheme } from "@mantine/core";

/** Faint text that still has 4.5:1 on its ground. */
export const colours: CSSVariablesResolver = () => ({
  variables: {},
  light: { "--mantine-color-dimmed": "#5c636a", "--mantine-color-placeholder": "#6a7178" },
  dark: { "--mantine-color-dimmed": "#b0b3b8", "--mantine-color-placeholder": "#9a9da3" },
});

export const theme = createTheme({
  primaryColor: "blue",
  primaryShade: 8,
  autoContrast: true,
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
    // A dialog's header is not the page's.
    Modal: { defaultProps: { attributes: { header: { role: "presentation" } } } },
    Tooltip: { defaultProps: { openDelay: 400, withArrow: true, events: { hover: true, focus: true, touch: false } } },
  },
});
