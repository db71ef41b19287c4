import { create } from "zustand";
import { persist } from "zustand/middleware";

interface Draft {
  /** The model of the next new conversation, and what is set for it. */
  model: string;
  system: string;
  settings: Record<string, unknown>;
  change: (what: Partial<Pick<Draft, "model" | "system" | "settings">>) => void;
}

/** What a new conversation begins with: as it was chosen last. */
export const useDraft = create<Draft>()(
  persist(
    (set) => ({
      model: "",
      system: "",
      settings: {},
      change: (what) => set(what),
    }),
    { name: "spacebridge.draft", partialize: ({ model }) => ({ model }) },
  ),
);
