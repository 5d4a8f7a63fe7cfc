import { Osid as OsidName } from '@runos/osid';
import { z } from 'zod';

/** Text from the other side, bounded. */
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

/** One of the words known here; a word that a newer peer made up is read as `unrecognised`, never refused. */
export const oneOf = <const Word extends string>(words: readonly Word[]) =>
  text(64).transform((said): Word | 'unrecognised' => words.find((word) => word === said) ?? 'unrecognised');

/** Names one Kubernetes object. */
export const objectRef = z.object({
  apiVersion: text(253),
  kind: text(63),
  namespace: text(253).optional(),
  name: text(253),
});
