import { Controller, type Type } from '@nestjs/common';
import { identity, type InputOf, type AgentConnection, reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Respond, type CallContext } from '@runos/messaging';

type Tenant = CallContext<'tenant'>;

/** What the neighbours of the agent gateway were told, and how they are to answer. */
export class Neighbours {
  presence: (AgentConnection & { aid: string })[] = [];
  audit: (InputOf<typeof identity.recordAudit> & { aid: string })[] = [];
  statuses: { aid: string; cid: string; osid: string; generation: number }[] = [];
  nids = new Map<string, string>();
  /** How many presence reports to turn away first. */
  deaf = 0;
  reconcilerIsAway = false;
  #watchers: (() => void)[] = [];

  /** Resolves when `done` holds, looked at whenever somebody was told something. */
  until(done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = (): void => (done() ? resolve() : void this.#watchers.push(look));
      this.#watchers.push(look);
    });
  }

  happened(): void {
    for (const look of this.#watchers.splice(0)) look();
  }

  /** The newest word about an agent. */
  of(cid: string, nid: string | null): AgentConnection | undefined {
    const all = this.presence.filter((each) => each.cid === cid && each.nid === nid);
    return all.sort((a, b) => a.sessionNo - b.sessionNo || a.seq - b.seq).at(-1);
  }
}

/** An instance that no cluster has. */
export const nobodys = 'valkey-zzzzz';

/** Stands in for the reconciler as far as agents are concerned: clusters have one instance each, named after them. */
export function reconcilerFor(neighbours: Neighbours): Type {
  @Controller()
  class Reconciler {
    @Respond(reconciler.registerNode)
    register({ cid, machineId }: InputOf<typeof reconciler.registerNode>, { tenant }: Tenant) {
      if (neighbours.reconcilerIsAway) throw new Fault('unavailable', 'The database cannot be reached.');
      if (cid === 'gone') throw new Fault('cluster.not_found', 'There is no such cluster.');
      const key = `${tenant}/${cid}/${machineId}`;
      const nid = neighbours.nids.get(key) ?? `n${String(neighbours.nids.size).padStart(4, '0')}`;
      neighbours.nids.set(key, nid);
      return { nid };
    }

    @Respond(reconciler.reportAgentConnection)
    presence(told: AgentConnection, { tenant }: Tenant) {
      if (neighbours.deaf-- > 0) throw new Fault('unavailable', 'Not now.');
      neighbours.presence.push({ ...told, aid: tenant });
      neighbours.happened();
      return {};
    }

    @Respond(reconciler.reportBundleStatus)
    status({ cid, status }: InputOf<typeof reconciler.reportBundleStatus>, { tenant }: Tenant) {
      if (status.osid === nobodys) return {};
      if (status.osid !== `valkey-00${cid}`)
        throw new Fault('service.not_found', `There is no ${status.osid} in ${cid}.`);
      neighbours.statuses.push({ aid: tenant, cid, osid: status.osid, generation: status.generation });
      return {};
    }

    @Respond(reconciler.resync)
    resync({ question }: InputOf<typeof reconciler.resync>) {
      if (neighbours.reconcilerIsAway) throw new Fault('unavailable', 'The database cannot be reached.');
      if (question.step === 'root') return { equal: question.count === 0 };
      if (question.step === 'buckets') return { differing: [7] };
      const unknown: string[] = question.entries.map(({ osid }) => osid);
      return { unknown, foreign: unknown.filter((osid) => osid.endsWith('ky4')) };
    }
  }
  return Reconciler;
}

export function identityFor(neighbours: Neighbours): Type {
  @Controller()
  class Identity {
    @Respond(identity.recordAudit)
    record(entry: InputOf<typeof identity.recordAudit>, { tenant }: Tenant) {
      neighbours.audit.push({ ...entry, aid: tenant });
      neighbours.happened();
      return { id: '0190c0de-0000-7000-8000-000000000001' };
    }
  }
  return Identity;
}
