import { readKey } from "./key";
import { ApiError, problemOf } from "./problem";
import type { Model, Status } from "./types";

/** Milliseconds in which the gateway says what it has; it need not ask anybody for that. */
const PATIENCE = 9_000;

/** Ask the gateway; whatever is not a success is an `ApiError`. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const key = readKey();
  if (key) headers.set("authorization", `Bearer ${key}`);
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted && init.signal.reason?.name !== "TimeoutError") throw error;
    throw new ApiError("The gateway can't be reached.", 0, "unreachable");
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

export async function listModels(): Promise<Model[]> {
  const response = await ask("v1/models", { signal: AbortSignal.timeout(PATIENCE) });
  return ((await response.json()) as { data: Model[] }).data;
}

export async function readStatus(): Promise<Status> {
  const response = await ask("status", { signal: AbortSignal.timeout(PATIENCE) });
  return (await response.json()) as Status;
}

async function refusal(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("retry-after"));
  const body: unknown = await response.json().catch(() => null);
  return problemOf(body, response.status, Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : null);
}
