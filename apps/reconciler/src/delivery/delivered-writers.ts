import { createHash } from 'node:crypto';
import { writersCapability } from '@runos/agent-protocol';
import { canonicalJson, type FieldWriter } from '@runos/kube-objects';
import { writersForType } from '../clusters/cluster-writers.js';
import type { InstanceRow } from '../schema/instance-row.js';

type Columns = Pick<InstanceRow, 'type' | 'spec' | 'own_writers' | 'cluster_writers' | 'capabilities'>;
type Writers = readonly FieldWriter[];

/** An agent without `writersCapability` refuses a bundle with more. */
const maxWritersOfOlderAgents = 16;

/** The part of a bundle that names the writers of an instance; empty without any. */
export interface DeliveredWriters {
  readonly allowedWriters?: Writers;
  readonly writersDigest?: string;
}

/**
 * The writers of an instance, and those of its cluster that apply to its type, each once. An older agent gets the first
 * ones; after its upgrade, a resync delivers the rest.
 */
export function deliveredWriters(instance: Columns): DeliveredWriters {
  const { type, spec, own_writers: own, cluster_writers: all, capabilities } = instance;
  const ofCluster = writersForType(type, all);
  const byContent = new Map([...(spec.allowedWriters ?? []), ...ofCluster].map((one) => [canonicalJson(one), one]));
  if (byContent.size === 0) return {};
  const writers = [...byContent.values()];
  const allowedWriters = capabilities.includes(writersCapability) ? writers : writers.slice(0, maxWritersOfOlderAgents);
  return { allowedWriters, writersDigest: sha256(`${own ?? ''}${writersText(ofCluster)}`) };
}

/** SQL expression of the `writersDigest` of a revision; `clusterText`: the `writersText` of its cluster and type. */
export const writersDigest = (spec: string, clusterText: string): string =>
  `encode(sha256(convert_to(nullif(coalesce((${spec}->'allowedWriters')::text, '') || coalesce(${clusterText}, ''), ''),
    'UTF8')), 'hex')`;

export const writersText = (writers: Writers): string => (writers.length === 0 ? '' : canonicalJson(writers));

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
