import { writersCapability } from '@runos/agent-protocol';
import type { Condition } from '@runos/kernel';
import { deliveredWriters } from '../delivery/delivered-writers.js';
import type { InstanceRow } from '../schema/instance-row.js';

type Columns = Parameters<typeof deliveredWriters>[0] &
  Pick<InstanceRow, 'cid' | 'connected' | 'capabilities' | 'generation' | 'updated_at'>;

/** Present while the connected agent is too old to leave fields to the allowed writers of an instance. */
export function writersCondition(instance: Columns): readonly Condition[] {
  const { cid, connected, capabilities, generation, updated_at: since } = instance;
  if (!connected || capabilities.includes(writersCapability)) return [];
  if (deliveredWriters(instance).allowedWriters === undefined) return [];
  return [
    {
      type: 'AllowedWritersApplied',
      status: 'False',
      reason: 'AgentTooOld',
      message: `The agent of cluster ${cid} does not know allowedWriters: it repairs their fields as drift. Upgrade the agent; the list takes effect then by itself.`,
      observedGeneration: generation,
      since: since.toISOString(),
    },
  ];
}
