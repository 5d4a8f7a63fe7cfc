import type { BundleStatus, objectState, ReadBodyOf } from '@runos/agent-protocol';
import type { z } from 'zod';

/** The status of one instance as its cluster agent reports it. */
export type BundleReport = ReadBodyOf<typeof BundleStatus>;
export type ReportedObject = z.output<typeof objectState>;

/** `StatefulSet valkey-3f9k2`: an object in messages; its namespace is that of the instance. */
export const objectName = ({ kind, name }: { readonly kind: string; readonly name: string }): string =>
  `${kind} ${name}`;
