import { Injectable } from '@nestjs/common';
import { agentGateway } from '@runos/contracts';
import { Bus, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';

/** A read waits no longer than this for the agent gateway, ms; then it shows the stored times. */
const timeoutMs = 300;

/** The last heartbeats of agents, by cluster and node. */
export interface HeartbeatTimes {
  /** `nid` null is the cluster agent. Undefined when the agent gateway gave no time. */
  of(cid: string, nid: string | null): string | undefined;
}

/** Reads the last heartbeats from the agent gateway, because the database has only the times of connection changes. */
@Injectable()
export class LiveHeartbeats {
  constructor(
    private readonly bus: Bus,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** One request for the agents of all these clusters; none without clusters. */
  async read(tenant: string, cids: readonly string[]): Promise<HeartbeatTimes> {
    const times = new Map<string, string>();
    const key = (cid: string, nid: string | null): string => `${cid}/${nid ?? ''}`;
    if (cids.length > 0) {
      for (const { cid, nid, lastHeartbeatAt } of await this.#request(tenant, cids)) {
        if (lastHeartbeatAt !== null) times.set(key(cid, nid), lastHeartbeatAt);
      }
    }
    return { of: (cid, nid) => times.get(key(cid, nid)) };
  }

  async #request(tenant: string, cids: readonly string[]) {
    try {
      const options = { tenant, deadlineMs: timeoutMs };
      const { agents } = await this.bus.request(agentGateway.listHeartbeats, { cids: [...cids] }, options);
      return agents;
    } catch (error) {
      this.logger.debug({ err: error, cids }, 'no live heartbeats, showing the stored ones');
      return [];
    }
  }
}
