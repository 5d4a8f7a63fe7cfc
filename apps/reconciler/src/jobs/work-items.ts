import { type WorkItem, workItemNames } from '@runos/api';

/** What a job does to its instance: apply objects, or delete them. */
export type JobKind = keyof typeof workItemNames;
export type Step = (typeof workItemNames)[JobKind][number];

export type LogLevel = 'info' | 'warn' | 'error';
export interface LogLine {
  readonly step: Step;
  readonly level: LogLevel;
  readonly message: string;
}

interface NewWorkItems {
  readonly kind: JobKind;
  readonly jobId: string;
  /** The first open step; the write itself completed the steps before it. */
  readonly first: Step;
  /** ISO 8601, the database's time. */
  readonly now: string;
  readonly mintId: () => string;
}

export const newWorkItems = ({ kind, jobId, first, now, mintId }: NewWorkItems): WorkItem[] => {
  const all: readonly Step[] = workItemNames[kind];
  const names = all.filter((name) => name !== 'install-addon' || name === first);
  return names.map((name, index): WorkItem => {
    const done = index < names.indexOf(first);
    return {
      id: mintId(),
      jobId,
      name,
      status: done ? 'completed' : 'pending',
      stepNumber: index + 1,
      result: null,
      createdAt: now,
      startedAt: done ? now : null,
      completedAt: done ? now : null,
    };
  });
};

/**
 * The work items once `step` is reached: it is running, the steps before it are completed. A late report of an earlier
 * step changes nothing; then the same array is returned.
 */
export function reachStep(items: readonly WorkItem[], step: Step, now: string): readonly WorkItem[] {
  const reached = items.findIndex(({ name }) => name === step);
  const next = items.map((item, index) => {
    // A skipped step started when the step before it ended.
    const started = items[index - 1]?.completedAt ?? now;
    if (index < reached && isOpen(item)) {
      return { ...item, status: 'completed' as const, ...times(item, started, now) };
    }
    if (index === reached && item.status === 'pending') {
      return { ...item, status: 'running' as const, ...times(item, now) };
    }
    return item;
  });
  return next.every((item, index) => item === items[index]) ? items : next;
}

/** The work items of a job that leaves the queue: the steps before its delivery are done. */
export const startItems = (items: readonly WorkItem[], now: string): readonly WorkItem[] => {
  const first = items.findIndex(({ name }) => name === 'deliver');
  return items.map((item, index) =>
    index < first && isOpen(item) ? { ...item, status: 'completed' as const, ...times(item, now, now) } : item,
  );
};

/** The first step that has not ended. */
export const currentStep = (items: readonly WorkItem[]): WorkItem | undefined => items.find(isOpen);

/** The work item that log lines about `step` belong to. */
export const workItemIdOf = (items: readonly WorkItem[], step: Step): string | undefined =>
  items.find(({ name }) => name === step)?.id;

const isOpen = ({ status }: WorkItem): boolean => status === 'pending' || status === 'running';

const times = (item: WorkItem, startedAt: string, completedAt: string | null = null) => ({
  startedAt: item.startedAt ?? startedAt,
  completedAt,
});
