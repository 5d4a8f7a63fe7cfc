import { type Addon, installCommand } from '@runos/addons';
import { addonsCapability } from '@runos/agent-protocol';
import type { InstructionOutcome } from '../delivery/delivery-plan.js';
import type { ClusterRow } from '../schema/cluster-row.js';
import type { AddonClaim } from './cluster-addon-repository.js';

/** True if the agent may install and remove add-ons. An administrator can withdraw the right at any time. */
export const mayManageAddons = ({ capabilities }: Pick<ClusterRow, 'capabilities'>): boolean =>
  capabilities.includes(addonsCapability);

/** The outcome for an agent that may not do what is desired, with advice for the operator. */
export function notPermitted({ cid, name, desired }: AddonClaim, pinned: Addon | undefined): InstructionOutcome {
  const subject = `The cluster agent of ${cid} may not`;
  const again = 'give the agent the right again (RUNOS_ADDONS)';
  if (desired === 'removed') {
    return { outcome: 'not-permitted', message: `${subject} remove add-ons. To remove ${name}, ${again}.` };
  }
  const command = pinned === undefined ? '' : ` ${pinned.version} with "${installCommand(pinned)}"`;
  const message = `${subject} install add-ons. Install ${pinned?.title ?? name}${command}, or ${again}.`;
  return { outcome: 'not-permitted', message };
}
