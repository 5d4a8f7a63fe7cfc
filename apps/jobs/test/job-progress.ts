import { randomBytes } from 'node:crypto';
import type { Job, JobLog } from '@runos/api';
import type { JobProgress } from '@runos/contracts';

/** A UUIDv7: ids of later jobs are greater. */
export function uuidv7(at = Date.now()): string {
  const hex = at.toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export const workItemId = '01890000-0000-7000-8000-000000000001';
export const at = '2030-01-01T00:00:00.000Z';

/** The update number `seq` of a job of account `acct1`. */
export const progress = (seq: number, job: Partial<Job> = {}, logs: JobLog[] = []): JobProgress => {
  const id = job.id ?? uuidv7();
  return {
    seq,
    job: {
      id,
      aid: 'acct1',
      cid: 'lab',
      osid: 'valkey-aaaaa',
      type: 'service.create',
      status: 'running',
      progress: null,
      currentStep: 'apply',
      reason: null,
      error: null,
      supersededBy: null,
      createdAt: at,
      startedAt: at,
      completedAt: null,
      ...job,
    },
    workItems: [
      {
        id: workItemId,
        jobId: id,
        name: 'apply',
        status: 'running',
        stepNumber: 1,
        result: null,
        createdAt: at,
        startedAt: at,
        completedAt: null,
      },
    ],
    logs,
  };
};

export const line = (id: string): JobLog => ({ id, workItemId, level: 'info', message: `line ${id}`, createdAt: at });
