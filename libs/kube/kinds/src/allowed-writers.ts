import { type AllowedWriters, writersOf } from '@runos/kube-objects';
import { systemWriters } from './exclusive-fields.js';
import type { Kind } from './kind.js';

const known = new WeakMap<Kind, AllowedWriters>();

/** Managers that may own desired fields of a kind too: Kubernetes itself, and the writers that the kind names. */
export function allowedWriters(kind: Kind): AllowedWriters {
  const writers = known.get(kind) ?? new Set([...systemWriters, ...writersOf(kind.exclusive)]);
  known.set(kind, writers);
  return writers;
}
