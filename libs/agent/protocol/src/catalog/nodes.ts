import { z } from 'zod';
import { instruction, text } from './message.js';

/** The agent keeps the tags of Kubernetes nodes: it handles APPLY_NODE_TAGS. */
export const nodeTagsCapability = 'node-tags/1';

const machineId = text(128);

/**
 * The tags of machines, each `key` or `key:value`. The agent sets them as labels of their Kubernetes nodes, removes its
 * labels of other tags, and repairs them until the next instruction. Nodes of other machines are not changed. Idempotent.
 */
export const APPLY_NODE_TAGS = instruction({
  type: 'APPLY_NODE_TAGS',
  input: z.object({
    nodes: z.array(z.object({ machineId, tags: z.array(text(128)).max(20) })).max(10_000),
  }),
  /** `problem`: why a machine does not have its tags. */
  reply: z.object({
    nodes: z.array(z.object({ machineId, problem: text(1024).nullable() })).max(10_000),
  }),
  deadlineMs: 30_000,
});
