import { byEpoch, epochOf } from './epochs.js';
import type { InstanceHistory, InstanceRead } from './instance-history.js';
import { type Read, regressions } from './ordered-reads.js';
import type { AgentReport, HistoryTime, RecordedHistory, Restore } from './recorded-history.js';
import type { Violation } from './violation.js';

/** Statuses that an instance has after its bundle was applied. */
const lasting: readonly string[] = ['healthy', 'degraded', 'unhealthy'];
const starting: readonly string[] = ['pending', 'applying'];

/** A status that differs from the report for so long is not on its way any more, ms. Agents delay it by up to 30 s. */
export const lastingMs: HistoryTime = 40_000;

/** The contradictions between the statuses of one instance, and between its last ones and the report of its agent. */
export function* checkStatuses(
  { osid, reads }: InstanceHistory,
  { agentReports }: RecordedHistory,
  restores: readonly Restore[],
): Generator<Violation> {
  const known = reads.filter(({ status }) => status !== undefined);
  for (const epoch of byEpoch(known, restores)) {
    for (const pair of regressions(epoch, ({ status }) => Number(status !== 'pending')))
      yield violation(osid, 'an instance was pending again', ...pair);
    for (const generation of new Set(epoch.map(generationOf)))
      yield* checkGeneration(
        osid,
        epoch.filter((read) => generationOf(read) === generation),
      );
  }
  for (const report of agentReports.filter((each) => each.osid === osid && each.ready))
    yield* checkEnd(report, known, restores);
}

/** The end of a divergence starts the application again; everything else that does so makes a new generation. */
function* checkGeneration(osid: string, reads: readonly InstanceRead[]): Generator<Violation> {
  if (reads.some(({ spec }) => spec === undefined || spec.diverged)) return;
  const applied = reads.filter((read) => isStarting(read) || isApplied(read));
  for (const pair of regressions(applied, (read) => Number(isApplied(read))))
    yield violation(osid, 'an instance was applied again at one generation', ...pair);
}

/** The plane follows what the agent reports. */
function* checkEnd(report: AgentReport, reads: readonly InstanceRead[], restores: readonly Restore[]) {
  const epoch = epochOf(report, restores);
  const later = reads.filter(
    (read) =>
      read.from > report.to && read.spec !== undefined && epoch !== undefined && epochOf(read, restores) === epoch,
  );
  const isAgreed = later.some(
    ({ status, spec }) =>
      status === 'healthy' || status === 'deleting' || spec?.diverged || spec?.generation !== report.generation,
  );
  const last = later.reduce<InstanceRead | undefined>(
    (a, b) => (a !== undefined && a.from > b.from ? a : b),
    undefined,
  );
  if (isAgreed || last === undefined || last.from - report.to < lastingMs) return;
  yield violation(report.osid, `an instance stayed ${last.status} though its agent reports ready`, last);
}

const generationOf = ({ spec }: InstanceRead): number | undefined => spec?.generation;
const isStarting = ({ status = '' }: InstanceRead): boolean => starting.includes(status);
/** The agent has reported this generation, and not an earlier one. */
const isApplied = ({ status = '', spec }: InstanceRead): boolean =>
  lasting.includes(status) && spec !== undefined && spec.observedGeneration === spec.generation;

const violation = (subject: string, rule: string, ...involved: readonly Pick<Read, 'operation'>[]): Violation => ({
  rule,
  subject,
  operations: involved.map(({ operation }) => operation),
});
