import type { BodyOf, BundleStatus } from '@runos/agent-protocol';

export type Status = BodyOf<typeof BundleStatus>;
export type ObjectLine = Status['objects'][number];
