import { Injectable } from '@nestjs/common';
import { agentGateway } from '@runos/contracts';
import { Bus, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';

/** A read is not held up longer than this for the time of a heartbeat, ms. */
const patienceMs = 300;

/** When agents were heard last: beats are not written down, so the agent gateway is asked. */
@Injectable()
export class Heartbeats {
  constructor(
    private readonly bus: Bus,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** By nid, null for the cluster agent. Empty when the agent gateway does not answer: then older times are shown. */
  async of(tenant: string, cid: string): Promise<ReadonlyMap<string | null, string>> {
    try {
      const { agents } = await this.bus.request(
        agentGateway.listHeartbeats,
        { cid },
        { tenant, deadlineMs: patienceMs },
      );
      return new Map(agents.flatMap((each) => (each.lastHeartbeatAt ? [[each.nid, each.lastHeartbeatAt]] : [])));
    } catch (error) {
      this.logger.debug({ err: error, cid }, 'heartbeats are not known now');
      return new Map();
    }
  }
}
