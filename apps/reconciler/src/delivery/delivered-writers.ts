import { createHash } from 'node:crypto';
import { type FieldWriter } from '@runos/kube-objects';
import type { InstanceRow } from '../schema/instance-row.js';

type Columns = Pick<InstanceRow, 'spec' | 'own_writers'>;

/** The part of a bundle that names the writers of an instance; empty without any. */
export interface DeliveredWriters {
  readonly allowedWriters?: readonly FieldWriter[];
  readonly writersDigest?: string;
}

export function deliveredWriters({ spec, own_writers: own }: Columns): DeliveredWriters {
  if (spec.allowedWriters === undefined || own === null) return {};
  return { allowedWriters: spec.allowedWriters, writersDigest: sha256(own) };
}

/** SQL expression of the `writersDigest` of a revision `r`; null without writers. */
export const writersDigest = `encode(sha256(convert_to((r.spec->'allowedWriters')::text, 'UTF8')), 'hex')`;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
