import { create } from "zustand";
import { listModels } from "../api/client";
import { useKey } from "../api/key";
import { ApiError } from "../api/problem";
import type { Model, Setting } from "../api/types";

interface Models {
  models: Model[];
  /** Why they are not known, if they are not. */
  failure: string;
  /** Whether nobody is there to tell them. */
  unreachable: boolean;
  /** Whether they are not told without a key, or with this one. */
  refused: boolean;
  loaded: boolean;
  load: () => Promise<void>;
}

/** The models of the gateway, as they were told last. */
export const useModels = create<Models>()((set) => ({
  models: [],
  failure: "",
  unreachable: false,
  refused: false,
  loaded: false,
  load: async () => {
    try {
      set({ models: await listModels(), failure: "", unreachable: false, refused: false, loaded: true });
    } catch (error) {
      const refused = error instanceof ApiError && error.status === 401;
      if (refused) useKey.getState().want();
      const unreachable = error instanceof ApiError && error.code === "unreachable";
      set({ failure: error instanceof Error ? error.message : String(error), unreachable, refused, loaded: true });
    }
  },
}));

/** What the app of a model lets be set: that of the first Space that tells. */
export function settingsOf(model: Model | undefined): Setting[] {
  return model?.spacebridge.spaces.find((space) => space.settings)?.settings ?? [];
}

export function takesFiles(model: Model | undefined): boolean | null {
  const told = model?.spacebridge.spaces.filter((space) => space.takes_files !== undefined) ?? [];
  return told.length ? told.some((space) => space.takes_files) : null;
}
