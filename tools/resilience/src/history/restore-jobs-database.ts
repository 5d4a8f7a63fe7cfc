import { setTimeout as sleep } from 'node:timers/promises';
import { controlPlane, DataFolder } from '@runos/tool-start';
import type { InjectedFault } from '../kill/faults.js';
import { rounds } from '../replicas/replica-faults.js';
import { backUpJobs, restoreJobs, waitForJobs } from './jobs-backup.js';

/** The database of the jobs service is replaced by a backup of this age. Clients write meanwhile. */
export const restoreJobsDatabase = (ageMs: number): InjectedFault => {
  const names = rounds.flat().filter((name) => /^jobs(-\d+)?$/.test(name));
  return {
    name: `the database of jobs restored from a backup ${ageMs / 1_000} s old`,
    hits: names,
    async inject(data, { history, jobs }) {
      const folder = new DataFolder(data);
      const backupAt = history.now();
      const backup = await backUpJobs(data);
      await sleep(ageMs);
      const known = [...jobs.values()];
      const from = history.now();
      for (const name of names) await controlPlane(folder, 'stop', name);
      try {
        await restoreJobs(data, backup);
      } finally {
        history.restores.push({ database: 'jobs', backupAt, from, to: history.now() });
        for (const name of names) await controlPlane(folder, 'start', name);
      }
      await waitForJobs(data, known);
    },
  };
};
