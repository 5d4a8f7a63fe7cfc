import { contracts, type PlannableWrite } from '@runos/contracts';

const plans = contracts.flatMap((each) => ('plan' in each ? [(each as PlannableWrite).plan.subject] : []));
const overrideId = '00000000-0000-7000-8000-000000000002';

/** The replies of the reconciler about the revisions, the overrides and the plans of one instance. */
export function changeRepliesOf(osid: string, jobId: string): Readonly<Record<string, unknown>> {
  const changePlan = {
    osid,
    noOp: false,
    changes: [{ field: 'cpuLimitMc', before: 500, after: 600 }],
    name: null,
    restartsPods: true,
    queued: false,
    supersedes: [jobId],
    source: 'cluster',
    reason: null,
    message: null,
    planNamespace: null,
    objects: [
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        namespace: osid,
        name: osid,
        action: 'changed',
        message: null,
        tried: true,
        changes: [{ field: 'spec.replicas', before: 1, after: 2 }],
      },
    ],
  };
  const revision = {
    revision: 2,
    generation: 2,
    current: true,
    changedBy: 'owner@example.com',
    jobId,
    createdAt: '2030-02-11T09:30:00.000Z',
  };
  return {
    ...Object.fromEntries(plans.map((subject) => [subject, changePlan])),
    'reconciler.v1.override-list': {
      generation: 7,
      body: { overrides: [{ id: overrideId, name: 'grace', enabled: true, data: 'c3BlYzoge30K' }] },
    },
    'reconciler.v1.override-create': { overrideId, jobId },
    'reconciler.v1.override-update': { jobId },
    'reconciler.v1.override-delete': { jobId },
    'reconciler.v1.revision-list': { revisions: [revision], nextCursor: null },
    'reconciler.v1.revision-show': { ...revision, fields: { cpuLimitMc: 500 } },
    'reconciler.v1.revision-diff': { from: 1, to: 2, changes: [{ field: 'cpuLimitMc', before: 500, after: 600 }] },
    'reconciler.v1.revision-roll-back': { jobId, kept: [] },
  };
}
