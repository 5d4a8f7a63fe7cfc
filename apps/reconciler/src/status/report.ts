import type { BundleStatus, objectState, ReadBodyOf } from '@runos/agent-protocol';
import type { z } from 'zod';

/** What a cluster agent says of one instance. */
export type Report = ReadBodyOf<typeof BundleStatus>;
export type ReportedObject = z.output<typeof objectState>;

/** `StatefulSet valkey-3f9k2`: how people name an object of an instance; the namespace is the instance's own. */
export const nameOf = ({ kind, name }: { readonly kind: string; readonly name: string }): string => `${kind} ${name}`;
