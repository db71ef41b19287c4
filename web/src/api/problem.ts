/** A refusal of the gateway, in its own words. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string | null;
  /** Seconds after which another try makes sense. */
  readonly retryAfter: number | null;

  constructor(message: string, status: number, code: string | null = null, retryAfter: number | null = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** An error object of the API, in a reply or in a stream. */
export function problemOf(body: unknown, status: number, retryAfter: number | null = null): ApiError {
  const error = (body as { error?: { message?: unknown; code?: unknown } } | null)?.error;
  const message = typeof error?.message === "string" ? error.message : `The gateway answered with status ${status}.`;
  return new ApiError(message, status, typeof error?.code === "string" ? error.code : null, retryAfter);
}
