import { type Backoff, type ConflictBackoffOptions, exponentialBackoff } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import type { InformerOptions, KubeClient } from '@runos/kube-client';
import type { Logger } from '@runos/observability';
import type { ClusterAgentConfig } from '../config.js';
import type { LeaseTerm } from '../leadership/lease-term.js';
import type { PlaneClient } from '../status/plane-client.js';

type BundleControllerConfig = Pick<
  ClusterAgentConfig,
  'namespace' | 'concurrency' | 'deletionBlockedAfterMs' | 'removalRequeueMs' | 'ownershipQuietMs'
>;

export interface BundleControllerOptions extends BundleControllerConfig {
  readonly client: KubeClient;
  /** Only while it lasts, records are stored. */
  readonly term: LeaseTerm;
  readonly plane: PlaneClient;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly conflicts?: ConflictBackoffOptions;
  /** Delay before a blocked object is applied, or a refused deletion requested, again. Default `standardBlockedBackoff`. */
  readonly blockedBackoff?: Backoff;
  readonly informers?: InformerOptions;
  /** Maximum age of a checkpoint that is not stored. Default 30 s. */
  readonly checkpointDelayMs?: number;
}

/**
 * 15 s doubling to 5 min, half of it random. A person who removes an obstacle sees the effect within minutes. A thousand
 * blocked instances cost about 10 requests per second.
 */
export const standardBlockedBackoff = exponentialBackoff({ firstMs: 15_000, maxMs: 300_000 });
