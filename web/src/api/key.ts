import { create } from "zustand";

const NAME = "spacebridge.key";

interface KeyState {
  key: string;
  /** Whether the gateway has refused to answer without a key, or with this one. */
  wanted: boolean;
  want: () => void;
  /** The user gives none now. */
  later: () => void;
  set: (key: string, remember: boolean) => void;
}

/** The API key: for this tab, or for this browser if the user wants that. */
export const useKey = create<KeyState>()((set) => ({
  key: sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME) ?? "",
  wanted: false,
  want: () => set({ wanted: true }),
  later: () => set({ wanted: false }),
  set: (key, remember) => {
    sessionStorage.removeItem(NAME);
    localStorage.removeItem(NAME);
    if (key) (remember ? localStorage : sessionStorage).setItem(NAME, key);
    set({ key, wanted: false });
  },
}));

export function readKey(): string {
  return useKey.getState().key;
}
