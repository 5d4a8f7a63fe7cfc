import type { BodyOf, ReplyOf, RESYNC } from '@runos/agent-protocol';
import type { Carrier } from '@runos/observability';
import type { Status } from './status.js';

/** The way to the plane. Whether it is there at the moment is its own business. */
export interface Uplink {
  /**
   * Says it until it is acknowledged; newer word about the same instance replaces it, nothing follows a final one.
   * `trace`: of the write that it answers.
   */
  post(status: Status, final: boolean, acknowledged: () => void, trace?: Carrier): void;
  /** One step of a comparison. Rejects when there is no answer. */
  resync(question: BodyOf<typeof RESYNC>): Promise<ReplyOf<typeof RESYNC>>;
}
