import { type WorkItem, workItemNames } from '@runos/api';

/** What a job does to its instance: bring objects up, or remove them. */
export type JobKind = keyof typeof workItemNames;
export type Step = (typeof workItemNames)[JobKind][number];

interface NewWorkItems {
  readonly kind: JobKind;
  readonly jobId: string;
  /** The first step that is still to be done; those before it were done by the write itself. */
  readonly first: Step;
  /** ISO 8601, the database's time. */
  readonly now: string;
  readonly mintId: () => string;
}

export const newWorkItems = ({ kind, jobId, first, now, mintId }: NewWorkItems): WorkItem[] => {
  const names: readonly Step[] = workItemNames[kind];
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
 * The items once `step` has begun: it runs, all before it are done. A step is never taken back, so a late report of an
 * earlier one changes nothing; the very same array comes back then.
 */
export function reachStep(items: readonly WorkItem[], step: Step, now: string): readonly WorkItem[] {
  const at = items.findIndex(({ name }) => name === step);
  const next = items.map((item, index) => {
    // A step that nobody saw begin began when the one before it ended.
    const began = items[index - 1]?.completedAt ?? now;
    if (index < at && isOpen(item)) return { ...item, status: 'completed' as const, ...times(item, began, now) };
    if (index === at && item.status === 'pending') return { ...item, status: 'running' as const, ...times(item, now) };
    return item;
  });
  return next.every((item, index) => item === items[index]) ? items : next;
}

/** The step a job stands at: the first that has not ended. */
export const currentStep = (items: readonly WorkItem[]): WorkItem | undefined => items.find(isOpen);

/** Where a log line about `step` belongs. */
export const itemIdOf = (items: readonly WorkItem[], step: Step): string | undefined =>
  items.find(({ name }) => name === step)?.id;

const isOpen = ({ status }: WorkItem): boolean => status === 'pending' || status === 'running';

const times = (item: WorkItem, startedAt: string, completedAt: string | null = null) => ({
  startedAt: item.startedAt ?? startedAt,
  completedAt,
});
