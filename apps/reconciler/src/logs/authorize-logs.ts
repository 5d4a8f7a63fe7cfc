import { Injectable } from '@nestjs/common';
import { logsCapability } from '@runos/agent-protocol';
import type { InputOf, OutputOf, reconciler } from '@runos/contracts';
import { unavailable } from '@runos/kernel';
import { Database } from '@runos/persistence';
import { AuditedReads } from '../instances/audited-reads.js';
import { InstanceRepository } from '../instances/instance-repository.js';

type Authorize = typeof reconciler.authorizeLogs;

/** Authorizes the callers that read the logs of instances. */
@Injectable()
export class AuthorizeLogs {
  constructor(
    private readonly database: Database,
    private readonly instances: InstanceRepository,
    private readonly audited: AuditedReads,
  ) {}

  /**
   * Returns only after the audit entry of the caller is durable.
   * @throws Fault `unavailable` when the agent is disconnected, or too old
   */
  async run({ pod, ...name }: InputOf<Authorize>, tenant: string): Promise<OutputOf<Authorize>> {
    const instance = await this.instances.get(this.database.manager, tenant, name);
    const { kind, osid, cid, connected, capabilities, session_no: sessionNo } = instance;
    if (!connected) {
      throw unavailable(`The agent of cluster ${cid} is disconnected, so the logs of ${osid} cannot be read now.`, 30);
    }
    if (!capabilities.includes(logsCapability)) {
      const remedy = `Upgrade it: it does not have the capability ${logsCapability}.`;
      throw unavailable(`The agent of cluster ${cid} is too old to read logs. ${remedy}`, 3_600);
    }
    await this.audited.record(`${kind}.logs`, instance, pod === undefined ? {} : { pod });
    return { osid, sessionNo };
  }
}
