import { isMap, mapAt, mapsIn, numberOf, textOf } from '@runos/kube-objects';

/** One field that an API server refused. */
export interface RefusedField {
  readonly field: string;
  readonly message: string;
}

export interface KubeErrorFacts {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** Kubernetes' word (`NotFound`, `Invalid`, `Conflict` …), or `Unreachable`, `TimedOut`, `NoKind` from us. */
  readonly reason: string;
  readonly fields?: readonly RefusedField[];
  readonly retryAfterMs?: number;
}

/** Statuses that the same request will meet again. 403 is not among them: rights and quotas change. */
const permanentStatuses: ReadonlySet<number> = new Set([400, 405, 406, 413, 415, 422]);

/** What an API server answered instead of the thing asked for, or why it did not answer. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly RefusedField[];
  readonly retryAfterMs?: number;

  constructor(message: string, facts: KubeErrorFacts, options?: ErrorOptions) {
    super(message, options);
    this.status = facts.status;
    this.reason = facts.reason;
    this.fields = facts.fields ?? [];
    this.retryAfterMs = facts.retryAfterMs;
  }

  /** True if asking again cannot help. A wrong type in server-side apply is answered with 500, yet it stays wrong. */
  get permanent(): boolean {
    if (permanentStatuses.has(this.status)) return true;
    return this.status === 500 && this.message.includes('failed to create typed patch object');
  }

  /** True if the server was not reached or was not itself: not this request's fault. */
  get outage(): boolean {
    return this.status === 0 || this.status === 401 || this.status === 429 || (this.status >= 500 && !this.permanent);
  }

  /** Reads the `Status` object of an answer; a body that is none (a proxy's page) is quoted. */
  static of(status: number, body: string, doing: string, retryAfter?: string): KubeError {
    const said = readJson(body);
    const details = mapAt(said, 'details');
    const fields = mapsIn(details['causes']).map((cause) => ({
      field: textOf(cause['field']) ?? '',
      message: textOf(cause['message']) ?? '',
    }));
    const seconds = Number(retryAfter ?? numberOf(details['retryAfterSeconds']));
    const message = (isMap(said) ? textOf(said['message']) : undefined) ?? `${doing}: ${body.slice(0, 300)}`;
    return new KubeError(message, {
      status,
      reason: (isMap(said) ? textOf(said['reason']) : undefined) ?? `Http${status}`,
      fields,
      ...(Number.isFinite(seconds) ? { retryAfterMs: seconds * 1_000 } : {}),
    });
  }
}

const hasStatus =
  (status: number) =>
  (thrown: unknown): thrown is KubeError =>
    thrown instanceof KubeError && thrown.status === status;

export const isNotFound = hasStatus(404);
export const isConflict = hasStatus(409);
export const isInvalid = hasStatus(422);
/** The version asked for is no longer kept: list again. */
export const isExpired = hasStatus(410);

function readJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // not JSON: the caller quotes it
  }
}
