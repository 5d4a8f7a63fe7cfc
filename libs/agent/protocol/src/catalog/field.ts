import { Osid as OsidName } from '@runos/osid';
import { z } from 'zod';

/** Text of the peer, with a maximum length. */
export const text = (max: number) => z.string().max(max);

export const osid = z
  .string()
  .max(OsidName.maxLength)
  .refine(OsidName.is, { error: 'is not <type>-<id>' })
  .describe('the instance');

export const generation = z.int().min(0).describe('grows with every change of the desired state');
export const revision = z.int().min(1).describe('grows strictly per instance with every bundle, also with a tombstone');
export const digest = z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in hexadecimal');
export const instant = z.iso.datetime({ offset: true });

/** One of the known values. The value of a newer peer is read as `unrecognised` and not rejected. */
export const oneOf = <const Value extends string>(values: readonly Value[]) =>
  text(64).transform((read): Value | 'unrecognised' => values.find((value) => value === read) ?? 'unrecognised');

/** Names one Kubernetes object. */
export const objectRef = z.object({
  apiVersion: text(253),
  kind: text(63),
  namespace: text(253).optional(),
  name: text(253),
});
