import type { SyncWrite } from '@runos/manifest';
import { CliError } from '../failure/cli-error.js';
import { ifGeneration } from '../http/generation.js';
import { type Document, isDocument } from '../output/document.js';
import { describeStalePlan } from './stale-plan.js';
import type { SyncTarget } from './sync-target.js';

/** A write that the server has accepted. */
export interface AppliedWrite {
  readonly name: string;
  readonly method: string;
  /** Absent: it needed no rollout. */
  readonly jobId?: string | undefined;
}

export interface ApplyOptions {
  readonly writes: readonly SyncWrite[];
  /** What was applied before them, for the report of a failure. */
  readonly earlier?: readonly AppliedWrite[];
  /** Called with each answer before the next write. */
  readonly onApplied: (applied: AppliedWrite, write: SyncWrite, answer: Document) => Promise<void>;
  readonly now: () => Date;
}

/**
 * Sends the writes of a plan one after another. Each needs the generation that the one before it made, so that a change by
 * another user ends the sequence.
 * @throws CliError that names what was applied and what was not
 */
export async function applyWrites(target: SyncTarget, options: ApplyOptions): Promise<readonly AppliedWrite[]> {
  const { writes, earlier = [], onApplied, now } = options;
  const applied: AppliedWrite[] = [...earlier];
  let { generation } = target;
  for (const [index, write] of writes.entries()) {
    const { name, method, path, body } = write;
    const send = () =>
      target.client.send({ method, path: target.path + path, body, headers: ifGeneration(generation) });
    const answer = await send().catch(async (error: unknown) => {
      const stale = isStale(error) ? await describeStalePlan(target, generation, error, now()) : undefined;
      throw failure(error, { target, applied, current: name, next: namesOf(writes.slice(index + 1)), stale });
    });
    const result = isDocument(answer.body) ? answer.body : {};
    const { jobId, noOp } = result;
    const done = { name, method, jobId: typeof jobId === 'string' && jobId !== '' ? jobId : undefined };
    applied.push(done);
    // Source: the reconciler counts every accepted change of a desired state by one.
    if (generation !== undefined && noOp !== true) generation += 1;
    await onApplied(done, write, result).catch((error: unknown) => {
      throw failure(error, { target, applied, next: namesOf(writes.slice(index + 1)) });
    });
  }
  return applied;
}

const namesOf = (writes: readonly { readonly name: string }[]): readonly string[] => writes.map(({ name }) => name);

export const jobIdsOf = (applied: readonly AppliedWrite[]): readonly string[] =>
  applied.flatMap(({ jobId }) => jobId ?? []);

const isStale = (error: unknown): error is CliError => error instanceof CliError && error.details.statusCode === 412;

/** The server may have done what got no answer, or an answer of its own trouble. */
const isOpen = ({ details: { code, statusCode = 0 } }: CliError): boolean =>
  code?.startsWith('network.') === true || statusCode >= 500;

interface Failure {
  readonly target: SyncTarget;
  readonly applied: readonly AppliedWrite[];
  /** The write that failed; absent when something after it did. */
  readonly current?: string;
  readonly next: readonly string[];
  /** Who changed the target meanwhile: a sentence. */
  readonly stale?: string | undefined;
}

function failure(error: unknown, { target, applied, current, next, stale }: Failure): unknown {
  if (!(error instanceof CliError)) return error;
  const isUnknown = current !== undefined && isOpen(error);
  const done = namesOf(applied);
  const missing = [...(current === undefined || isUnknown ? [] : [current]), ...next];
  const outcome = [
    ...(done.length > 0 ? [`Applied: ${done.join('; ')}.`] : isUnknown ? [] : ['Nothing was applied.']),
    ...(isUnknown ? [`Not known: ${current}.`] : []),
    ...(missing.length > 0 && (done.length > 0 || isUnknown) ? [`Not applied: ${missing.join('; ')}.`] : []),
  ].join(' ');
  const { details } = error;
  return new CliError([stale ?? error.message, outcome].join(' '), {
    ...details,
    // A user who stops following has not stopped the writes that are missing, so that is a failure.
    isNotice: details.isNotice === true && missing.length === 0,
    ...remedyOf(target, details.remedy, { stale, isFinished: missing.length === 0 && !isUnknown, done }),
    body: { ...details.body, applied, unknown: isUnknown ? current : undefined, notApplied: missing },
  });
}

function remedyOf(
  { diff, sync }: SyncTarget,
  remedy: string | undefined,
  { stale, isFinished, done }: { stale: string | undefined; isFinished: boolean; done: readonly string[] },
): { readonly remedy?: string } {
  if (stale !== undefined) return { remedy: `${diff}, then ${sync} again` };
  if (isFinished) return remedy === undefined ? {} : { remedy };
  const finish = done.length > 0 ? `${sync} again finishes it` : `${sync} again`;
  return { remedy: remedy === undefined ? finish : `${remedy}; then ${finish}` };
}
