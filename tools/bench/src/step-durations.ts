import type { PlaneClient } from '@runos/tool-e2e';
import type { Row } from './quantiles.js';

interface Step {
  readonly name: string;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
}

/** The duration of each step of some jobs, ms. */
export async function stepDurations(planeClient: PlaneClient, jobs: readonly string[]): Promise<Row[]> {
  const byName = new Map<string, number[]>();
  for (const job of jobs) {
    const { body } = await planeClient.api.get(`/jobs/${job}/workitems`);
    for (const { name, startedAt, completedAt } of body['workItems'] as Step[]) {
      if (startedAt === null || completedAt === null) continue;
      byName.set(name, [...(byName.get(name) ?? []), Date.parse(completedAt) - Date.parse(startedAt)]);
    }
  }
  return [...byName].map(([what, figures]) => ({ what, figures }));
}
