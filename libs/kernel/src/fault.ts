/**
 * Every error code of the public API and the HTTP status it is answered with.
 * A code never changes meaning; every edge derives its translation from this table.
 */
export const faultStatus = {
  'request.invalid': 400,
  'sizing.invalid': 400,
  'class.unknown': 400,
  'configset.invalid': 400,
  'manifest.invalid': 400,
  'override.invalid': 400,
  'auth.invalid': 401,
  'auth.session_expired': 401,
  'auth.forbidden': 403,
  'account.not_found': 404,
  'cluster.not_found': 404,
  'node.not_found': 404,
  'service.not_found': 404,
  'type.not_found': 404,
  'app.not_found': 404,
  'configset.not_found': 404,
  'addon.not_found': 404,
  'apikey.not_found': 404,
  'token.not_found': 404,
  'revision.not_found': 404,
  'job.not_found': 404,
  'upgrade.not_found': 404,
  'setting.not_found': 404,
  'topic.not_found': 404,
  'download.not_found': 404,
  'route.not_found': 404,
  'service.in_use': 409,
  'app.in_use': 409,
  'file.not_found': 404,
  'override.not_found': 404,
  'registry.not_found': 404,
  'configset.in_use': 409,
  'node.in_use': 409,
  'addon.missing': 409,
  'addon.present': 409,
  'upgrade.running': 409,
  'cluster.exists': 409,
  'registry.exists': 409,
  'cluster.not_empty': 409,
  'cluster.agent_mismatch': 409,
  'account.exists': 409,
  'conflict.data_loss': 409,
  'conflict.deleting': 409,
  'conflict.diverged': 409,
  'conflict.idempotency': 409,
  'conflict.stale': 412,
  'request.too_large': 413,
  'limit.exceeded': 429,
  internal: 500,
  unavailable: 503,
} as const;

export type FaultCode = keyof typeof faultStatus;

/** One issue of an input: `path` in dots and brackets (`cpuLimitMc`, `values.shared_buffers`). */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

/** Details beside code and message: `issues`, `dependents`, `reason`, `retryAfterSeconds`, `generation` … */
export type FaultDetails = Readonly<Record<string, unknown>> & {
  readonly issues?: readonly Issue[];
  readonly retryAfterSeconds?: number;
};

/** A fault as it crosses a process boundary. */
export interface FaultBody {
  readonly code: FaultCode;
  readonly message: string;
  readonly details?: FaultDetails;
}

/** An error value with a stable code; its message names what failed, the value, and what to do. */
export class Fault extends Error {
  override readonly name = 'Fault';

  constructor(
    readonly code: FaultCode,
    message: string,
    readonly details: FaultDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** What crosses the process boundary: neither the cause nor the stack. */
  toBody(): FaultBody {
    return { code: this.code, message: this.message, details: this.details };
  }

  /** The fault of another process. Its stack is that of this call. */
  static fromBody(body: FaultBody): Fault {
    return new Fault(body.code, body.message, body.details);
  }
}

/** Words of another system may end with a full stop of their own, which is not doubled at the end of a sentence. */
export const withoutFullStop = (text: string): string => text.replace(/\.$/, '');

/** A fault whose message is the first of several issues of the input; its details hold all of them. */
export function invalidInput(code: FaultCode, issues: readonly Issue[]): Fault {
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const message = withoutFullStop(first?.message ?? 'The input is invalid');
  return new Fault(code, `${message}${more}.`, { issues });
}

/** The fault `unavailable` with the delay before a retry, s. */
export const unavailable = (message: string, retryAfterSeconds = 2, cause?: unknown): Fault =>
  new Fault('unavailable', message, { retryAfterSeconds }, { cause });

/** The text of every `auth.invalid`, for all causes alike. Existing clients compare it. */
export const invalidTokenMessage = 'Invalid token';

/** The fault `auth.invalid`. Details give the cause only to a caller who has proven the secret. */
export const invalidToken = (details: FaultDetails = {}): Fault =>
  new Fault('auth.invalid', invalidTokenMessage, details);

/** The fault `internal`, which discloses nothing of the error: the log has it. */
export const internalError = (details: FaultDetails = {}): Fault =>
  new Fault('internal', 'An internal error occurred.', details);

/** The first Fault in an error's chain of causes; anything else is a bug or an outage, not an answer. */
export function faultOf(thrown: unknown): Fault | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (error instanceof Fault) return error;
  }
  return undefined;
}
