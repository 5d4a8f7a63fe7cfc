import { Controller, type Type } from '@nestjs/common';
import { identity, type InputOf, type AgentConnection, reconciler } from '@runos/contracts';
import { Fault, invalidToken } from '@runos/kernel';
import { Respond, type CallContext } from '@runos/messaging';
import type { z } from 'zod';

/** Only ends a wait that would never end. */
const deadlineMs = 60_000;

type Tenant = CallContext<'tenant'>;

/** The requests that the fake reconciler and identity service have received, and how they respond. */
export class FakeServices {
  connections: (AgentConnection & { aid: string })[] = [];
  audit: (InputOf<typeof identity.recordAudit> & { aid: string })[] = [];
  addons: (InputOf<typeof reconciler.reportAddons> & { aid: string })[] = [];
  statuses: {
    aid: string;
    cid: string;
    osid: string;
    generation: number;
    sessionNo: number | undefined;
    sequence: number | undefined;
  }[] = [];
  nids = new Map<string, string>();
  /** The number of connection reports to reject first. */
  connectionFailures = 0;
  reconcilerUnavailable = false;
  /** What identity knows of a token by its id; others are valid for an hour, with the role owner. */
  credentials = new Map<string, z.output<typeof identity.checkCredential.output> | 'revoked' | 'unavailable'>();
  #watchers: (() => void)[] = [];

  /**
   * Resolves when the condition holds. It is evaluated after every request.
   * @throws Error with the last reports when it does not hold within a minute
   */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        const last = JSON.stringify(this.connections.slice(-3), null, 1);
        reject(new Error(`not within a minute: ${String(condition)}; the last reports of connections are ${last}`));
      }, deadlineMs).unref();
      const check = (): void => {
        if (!condition()) return void this.#watchers.push(check);
        clearTimeout(late);
        resolve();
      };
      check();
    });
  }

  notify(): void {
    for (const check of this.#watchers.splice(0)) check();
  }

  /** The newest connection that was reported for an agent. */
  connectionOf(cid: string, nid: string | null): AgentConnection | undefined {
    const all = this.connections.filter((each) => each.cid === cid && each.nid === nid);
    return all.sort((a, b) => a.sessionNo - b.sessionNo || a.seq - b.seq).at(-1);
  }
}

/** An instance that exists in no cluster. */
export const unknownInstance = 'valkey-zzzzz';

/** The agent-related requests of the reconciler. Each cluster has one instance, whose name contains the cid. */
export function fakeReconciler(services: FakeServices): Type {
  @Controller()
  class Reconciler {
    @Respond(reconciler.registerNode)
    register({ cid, machineId, nid: earlier }: InputOf<typeof reconciler.registerNode>, { tenant }: Tenant) {
      if (services.reconcilerUnavailable) throw new Fault('unavailable', 'The database cannot be reached.');
      if (cid === 'deleted') throw new Fault('cluster.not_found', 'There is no such cluster.');
      const key = `${tenant}/${cid}/${machineId}`;
      if (earlier !== undefined && services.nids.get(key) !== earlier) {
        throw new Fault('node.not_found', 'There is no such node.');
      }
      const nid = services.nids.get(key) ?? `n${String(services.nids.size).padStart(4, '0')}`;
      services.nids.set(key, nid);
      return { nid };
    }

    @Respond(reconciler.reportAgentConnection)
    connection(connection: AgentConnection, { tenant }: Tenant) {
      if (services.connectionFailures-- > 0) throw new Fault('unavailable', 'Not now.');
      services.connections.push({ ...connection, aid: tenant });
      services.notify();
      return {};
    }

    @Respond(reconciler.reportBundleStatus)
    status({ cid, sessionNo, status }: InputOf<typeof reconciler.reportBundleStatus>, { tenant }: Tenant) {
      if (status.osid === unknownInstance) return {};
      if (status.osid !== `valkey-00${cid}`)
        throw new Fault('service.not_found', `There is no ${status.osid} in ${cid}.`);
      const { osid, generation, sequence } = status;
      services.statuses.push({ aid: tenant, cid, osid, generation, sessionNo, sequence });
      return {};
    }

    @Respond(reconciler.reportAddons)
    addons(report: InputOf<typeof reconciler.reportAddons>, { tenant }: Tenant) {
      if (services.reconcilerUnavailable) throw new Fault('unavailable', 'The database cannot be reached.');
      services.addons.push({ ...report, aid: tenant });
      return {};
    }

    @Respond(reconciler.resync)
    resync({ question }: InputOf<typeof reconciler.resync>) {
      if (services.reconcilerUnavailable) throw new Fault('unavailable', 'The database cannot be reached.');
      if (question.step === 'root') return { equal: question.count === 0 };
      if (question.step !== 'list') return { differing: [7] };
      const unknown: string[] = question.entries.map(({ osid }) => osid);
      return { unknown, foreign: unknown.filter((osid) => osid.endsWith('ky4')) };
    }
  }
  return Reconciler;
}

export function fakeIdentity(services: FakeServices): Type {
  @Controller()
  class Identity {
    @Respond(identity.checkCredential)
    check({ keyId }: InputOf<typeof identity.checkCredential>) {
      const known = services.credentials.get(keyId) ?? { role: 'owner', validForMs: 3_600_000 };
      if (known === 'unavailable') throw new Fault('unavailable', 'The database cannot be reached.');
      if (known === 'revoked') throw invalidToken({ reason: 'revoked' });
      return known;
    }

    @Respond(identity.recordAudit)
    record(entry: InputOf<typeof identity.recordAudit>, { tenant }: Tenant) {
      services.audit.push({ ...entry, aid: tenant });
      services.notify();
      return { id: '0190c0de-0000-7000-8000-000000000001' };
    }
  }
  return Identity;
}
