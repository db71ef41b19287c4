import type { Attachment } from "./types";

const PATH = /^\/v1\/attachments\/[\w-]+\/[^/]*$/;

/**
 * Where this page has a file of an answer that the gateway passes on; null for what is at another host.
 *
 * Only the path counts: a proxy before the gateway may have it believe in another scheme.
 */
export function ownFile(address: string, host: string = location.host): string | null {
  const url = URL.canParse(address) ? new URL(address) : null;
  return url && url.host === host && PATH.test(url.pathname) ? url.pathname : null;
}

/** Whether a text is but the list of an answer's files, which the gateway makes where an app says nothing with them. */
export function isListOf(text: string, files: readonly Attachment[]): boolean {
  const addresses = new Set(files.map((file) => file.url));
  return text.split("\n\n").every((line) => addresses.has(/^!?\[[^\]]*\]\(<(.*)>\)$/.exec(line)?.[1] ?? ""));
}
