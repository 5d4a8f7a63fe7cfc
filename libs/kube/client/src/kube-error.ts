import { isMap, mapAt, mapsIn, numberOf, textOf } from '@runos/kube-objects';

/** One field that the API server rejected. */
export interface RejectedField {
  readonly field: string;
  readonly message: string;
}

export interface KubeErrorDetails {
  /** HTTP status; 0 without a response. */
  readonly status: number;
  /** Reason of the Status object (`NotFound`, `Invalid`, `Conflict` …), or our `Unreachable`, `TimedOut`, `NoKind`. */
  readonly reason: string;
  readonly fields?: readonly RejectedField[];
  readonly retryAfterMs?: number;
}

/** Statuses that the same request gets again. 403 is not among them: permissions and quotas change. */
const permanentStatuses: ReadonlySet<number> = new Set([400, 405, 406, 413, 415, 422]);

/** An error response of an API server, or the reason for which there was no response. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly RejectedField[];
  readonly retryAfterMs?: number;

  constructor(message: string, details: KubeErrorDetails, options?: ErrorOptions) {
    super(message, options);
    this.status = details.status;
    this.reason = details.reason;
    this.fields = details.fields ?? [];
    this.retryAfterMs = details.retryAfterMs;
  }

  /** True if a retry cannot help. Server-side apply answers 500 for a wrong type, which is permanent all the same. */
  get isPermanent(): boolean {
    if (permanentStatuses.has(this.status)) return true;
    return this.status === 500 && this.message.includes('failed to create typed patch object');
  }

  /** True if the server was unreachable, overloaded or failing: the request itself may be valid. */
  get isOutage(): boolean {
    return this.status === 0 || this.status === 401 || this.status === 429 || (this.status >= 500 && !this.isPermanent);
  }

  /** Parses the Status object of a response. Another body, such as the page of a proxy, is quoted. */
  static of(status: number, body: string, call: string, retryAfter?: string): KubeError {
    const statusObject = readJson(body);
    const details = mapAt(statusObject, 'details');
    const fields = mapsIn(details['causes']).map((cause) => ({
      field: textOf(cause['field']) ?? '',
      message: textOf(cause['message']) ?? '',
    }));
    const seconds = Number(retryAfter ?? numberOf(details['retryAfterSeconds']));
    const message =
      (isMap(statusObject) ? textOf(statusObject['message']) : undefined) ?? `${call}: ${body.slice(0, 300)}`;
    return new KubeError(message, {
      status,
      reason: (isMap(statusObject) ? textOf(statusObject['reason']) : undefined) ?? `Http${status}`,
      fields,
      ...(Number.isFinite(seconds) ? { retryAfterMs: seconds * 1_000 } : {}),
    });
  }
}

const hasStatus =
  (status: number) =>
  (thrown: unknown): thrown is KubeError =>
    thrown instanceof KubeError && thrown.status === status;

const hasReason =
  (reason: string) =>
  (thrown: unknown): thrown is KubeError =>
    thrown instanceof KubeError && thrown.reason === reason;

export const isForbidden = hasStatus(403);
export const isNotFound = hasStatus(404);
/** The server knows no such path: it is no answer about an object, but the kind is not served in this version. */
export const isUnserved = (thrown: unknown): thrown is KubeError => isNotFound(thrown) && thrown.reason === 'Http404';
/** A create of an object whose name exists. */
export const isAlreadyExists = hasReason('AlreadyExists');
/** A stale resourceVersion, another uid, or a field of another manager. Both this and `isAlreadyExists` have status 409. */
export const isConflict = hasReason('Conflict');
export const isInvalid = hasStatus(422);
/** The API server or an admission policy does not allow the request; a retry helps only after a change of the cluster. */
export const isRefusal = (thrown: unknown): thrown is KubeError =>
  thrown instanceof KubeError && !thrown.isOutage && !isConflict(thrown) && !isExpired(thrown);
/** As `isRefusal`, and a request that a webhook must allow which does not answer. */
export const isNotAdmitted = (thrown: unknown): thrown is KubeError =>
  isRefusal(thrown) ||
  (thrown instanceof KubeError && thrown.status === 500 && thrown.message.includes('failed calling webhook'));
/** The resourceVersion is too old: a new list is needed. */
export const isExpired = hasStatus(410);

function readJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // the caller quotes a body that is not JSON
  }
}
