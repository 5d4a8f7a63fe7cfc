import type { BodyOf, BundleStatus, ReplyOf, RESYNC } from '@runos/agent-protocol';
import type { Carrier } from '@runos/observability';

export type Status = BodyOf<typeof BundleStatus>;
export type ObjectStatus = Status['objects'][number];

/** One status on its way to the plane: the envelope carries the trace of the request that it answers. */
export interface StatusReport {
  readonly status: Status;
  /** Nothing follows about this instance. */
  readonly final: boolean;
  readonly trace?: Carrier;
  acknowledged(): void;
}

/** The connection to the plane. It may be disconnected at any time. */
export interface PlaneClient {
  /** Sends the report until it is acknowledged. A newer report about the same instance replaces it. */
  sendStatus(report: StatusReport): void;
  /** One step of a resync. Rejects without a reply. */
  resync(request: BodyOf<typeof RESYNC>): Promise<ReplyOf<typeof RESYNC>>;
}
