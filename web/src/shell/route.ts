import { useSyncExternalStore } from "react";

export type Route = { page: "new" } | { page: "status" } | { page: "conversation"; id: string };

/** Where the page is: its address after `#`, so that reload and the back button work. */
export function useRoute(): Route {
  return readRoute(useSyncExternalStore(subscribe, () => window.location.hash));
}

export function goTo(route: Route): void {
  window.location.hash = addressOf(route);
}

/** Go on from a place that is no more, so that nobody comes back to it. */
export function leaveFor(route: Route): void {
  window.location.replace(addressOf(route));
}

export function addressOf(route: Route): string {
  if (route.page === "conversation") return `#/c/${route.id}`;
  return route.page === "status" ? "#/status" : "#/";
}

function readRoute(hash: string): Route {
  if (hash === "#/status") return { page: "status" };
  const found = /^#\/c\/([0-9a-f]+)$/.exec(hash);
  return found?.[1] ? { page: "conversation", id: found[1] } : { page: "new" };
}

function subscribe(changed: () => void): () => void {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
}
