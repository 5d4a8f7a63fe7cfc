import { setTimeout as sleep } from 'node:timers/promises';
import { PlaneClient } from '@runos/tool-e2e';
import { controlPlane, DataFolder, replicaName, services } from '@runos/tool-start';
import { type InjectedFault, loseNatsData } from '../kill/faults.js';
import { waitForCluster, waitUntilReady } from '../kill/readiness.js';
import { replicaCount } from '../replicas/replica-faults.js';
import { adoptRestoredState } from './adopt-restored-state.js';
import { backUpDatabase, deleteBackup, restoreDatabase, waitUntilUnused } from './database-backup.js';
import { decideDivergences } from './decide-divergences.js';
import { deleteUnknownInstances } from './unknown-instances.js';

/** The time until the cluster's agent is connected again, ms. */
const connectedWithinMs = 600_000;

/**
 * The database of the whole plane is replaced by a backup of this age, as the README describes it. Clients write until
 * the services stop, and again after a person has decided about each instance. `choose` decides: true for the plane.
 */
export const restorePlaneDatabase = (
  ageMs: number,
  choose: () => boolean,
  print: (line: string) => void,
): InjectedFault => {
  const names = services
    .filter(({ database }) => database)
    .flatMap((plan) => Array.from({ length: replicaCount }, (_, number) => replicaName(plan, number)));
  return {
    name: `the database of the plane restored from a backup ${ageMs / 1_000} s old`,
    hits: names,
    async inject(data, ledger) {
      const { history, writes } = ledger;
      const folder = new DataFolder(data);
      const each = (verb: 'stop' | 'start') => Promise.all(names.map((name) => controlPlane(folder, verb, name)));
      const plane = await PlaneClient.connect(data);
      const backupAt = history.now();
      const backup = await backUpDatabase(data);
      await sleep(ageMs);
      const from = history.now();
      // Writes in flight are repeated until the restored plane answers them.
      writes.hold();
      try {
        await each('stop');
        try {
          await waitUntilUnused(data);
          await restoreDatabase(data, backup);
          await loseNatsData.inject(data, ledger);
        } finally {
          await each('start');
        }
        await waitUntilReady(data);
        await waitForCluster(plane.api, `/${plane.info.aid}/clusters/${plane.info.cid}`, connectedWithinMs);
        await writes.settled();
        try {
          const decided = await decideDivergences(plane, ledger, choose);
          const deleted = await deleteUnknownInstances(plane, folder);
          print(`after the restore, ${decided} divergences were decided, and ${deleted} unknown instances deleted`);
        } finally {
          // Also if plane and agent do not agree in time: else each write that the restore lost is one more failure.
          await adoptRestoredState(plane, ledger);
        }
      } finally {
        await deleteBackup(data);
        // Until a person has decided, an accepted write can still be replaced by what runs in the cluster.
        const to = history.now();
        for (const database of ['jobs', 'reconciler'] as const) history.restores.push({ database, backupAt, from, to });
        writes.resume();
      }
    },
  };
};
