import { useLiveQuery } from "dexie-react-hooks";
import { useEffect, useState } from "react";
import type { Model } from "../api/types";
import { useModels } from "../model/models";
import { leaveFor, type Route } from "../shell/route";
import { changeConversation, createConversation } from "../store/conversations";
import { type Conversation, db, type Message } from "../store/db";
import { useDraft } from "../store/draft";

type Chosen = Partial<Pick<Conversation, "model" | "system" | "settings">>;

/** The conversation that is shown, or the one that would be begun. */
export interface Current {
  conversation: Conversation | null;
  /** All its messages, those of other branches, too. */
  messages: Message[];
  /** Whether the browser still looks for it. */
  loading: boolean;
  model: string;
  /** What the gateway says of the model. */
  described: Model | undefined;
  system: string;
  settings: Record<string, unknown>;
  change: (what: Chosen) => void;
  /** The conversation, begun if it has not been. */
  begun: () => Promise<Conversation>;
}

export function useCurrent(route: Route): Current {
  const id = route.page === "conversation" ? route.id : null;
  const found = useLiveQuery(
    async () => {
      if (id === null) return { id, conversation: null, messages: [] };
      const conversation = (await db.conversations.get(id)) ?? null;
      return { id, conversation, messages: await db.messages.where("conversation").equals(id).toArray() };
    },
    [id],
    undefined,
  );
  const shown = found?.id === id ? found : undefined;
  const draft = useDraft();
  const models = useModels((state) => state.models);
  // What was just chosen is shown at once, while the browser writes it down.
  const [ahead, setAhead] = useState<{ id: string | null; what: Chosen }>({ id, what: {} });
  const stored = shown?.conversation ?? null;
  const conversation = stored && ahead.id === stored.id ? { ...stored, ...ahead.what } : stored;
  const first = models[0]?.id ?? "";
  const chosen = models.some((model) => model.id === draft.model) ? draft.model : first;
  const model = conversation?.model ?? chosen;

  useEffect(() => {
    if (id !== null && shown && !shown.conversation) leaveFor({ page: "new" });
  }, [id, shown]);

  useEffect(() => {
    const left = Object.entries(ahead.what).filter(
      ([name, value]) => ahead.id === stored?.id && !isSame(stored?.[name as keyof Chosen], value),
    );
    if (left.length < Object.keys(ahead.what).length) setAhead({ id: ahead.id, what: Object.fromEntries(left) });
  }, [ahead, stored]);

  return {
    conversation,
    messages: shown?.messages ?? [],
    loading: shown === undefined,
    model,
    described: models.find((other) => other.id === model),
    system: conversation?.system ?? draft.system,
    settings: conversation?.settings ?? draft.settings,
    change: (what) => {
      // Another app has other settings.
      const whole = what.model !== undefined && what.model !== model ? { settings: {}, ...what } : what;
      if (conversation) {
        setAhead({ id: conversation.id, what: { ...(ahead.id === conversation.id ? ahead.what : {}), ...whole } });
        void changeConversation(conversation.id, whole);
      }
      if (!conversation || what.model) draft.change(conversation ? { model: whole.model ?? model } : whole);
    },
    begun: async () => {
      if (conversation) return conversation;
      const begun = await createConversation({ model, system: draft.system, settings: draft.settings });
      draft.change({ system: "", settings: {} });
      return begun;
    },
  };
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
