import type { Job, WorkItem } from '@runos/api';
import type { JobEvent } from './job-event.js';

/** What is known of a job that is followed. */
export class JobProgress {
  job?: Job;
  readonly #steps = new Map<string, WorkItem>();
  readonly #messages = new Map<string, string>();

  /** The steps in their order. */
  get steps(): readonly WorkItem[] {
    return [...this.#steps.values()].sort((a, b) => a.stepNumber - b.stepNumber);
  }

  /** The last line that a step has logged. */
  messageOf({ id }: WorkItem): string {
    return this.#messages.get(id) ?? '';
  }

  add({ event, data }: JobEvent): void {
    if (event === 'job') this.job = data;
    else if (event === 'workitem') this.#steps.set(data.id, data);
    else this.#messages.set(data.workItemId, data.message);
  }
}
