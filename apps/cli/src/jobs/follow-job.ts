import type { Job } from '@runos/api';
import { CliError, usageError } from '../failure/cli-error.js';
import { exitCodes } from '../failure/exit-codes.js';
import { timeoutText, withTimeout } from './follow-timeout.js';
import type { ApiClient } from '../http/api-client.js';
import type { Output } from '../output/output.js';
import { elapsedMs, secondsText } from '../output/time-text.js';
import type { CommandContext } from '../terminal/command-context.js';
import { type JobDisplay, LineDisplay } from './job-display.js';
import { hasEnded, type JobEvent } from './job-event.js';
import { JobProgress } from './job-progress.js';
import { polledEvents } from './polled-events.js';
import { streamedEvents } from './streamed-events.js';

export interface FollowedJob {
  readonly jobId: string;
  readonly context: CommandContext;
  readonly output: Output;
  /** The document for `--json` when the job has ended. Absent: none is printed. */
  readonly document?: (job: Job) => unknown;
}

/**
 * Shows a job until it ends. Ctrl-C stops that alone: the job goes on.
 * @throws CliError when the job fails or is cancelled, when the user stops, and after 30 minutes
 */
export async function followJob({ jobId, context, output, document }: FollowedJob): Promise<void> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(jobId)) throw usageError(`"${jobId}" is no id of a job.`);
  const stop = new AbortController();
  const off = context.terminal.onInterrupt(() => stop.abort());
  const { signal, isTimeout } = withTimeout(stop.signal);
  const display = await displayOf(context, output);
  const progress = new JobProgress();
  let last = '';
  try {
    for await (const event of eventsOf(context.client(), jobId, signal)) {
      progress.add(event);
      display.update(progress);
    }
    last = progress.job !== undefined && hasEnded(progress.job) ? outcome(progress.job, output, context.now()) : '';
  } finally {
    off();
    display.end(last);
  }
  const { job } = progress;
  if (job === undefined || !hasEnded(job)) {
    const text = isTimeout() ? timeoutText : 'Stopped following.';
    throw new CliError(`${text} The job goes on: runos follow ${jobId}`, {
      exitCode: isTimeout() ? exitCodes.failed : exitCodes.interrupted,
      isNotice: true,
    });
  }
  if (job.status === 'completed')
    return output.isDocument && document ? output.print(document(job), () => '') : undefined;
  throw new CliError(
    `The job ${job.status === 'failed' ? 'failed' : 'was cancelled'}: ${job.error ?? job.progress ?? job.status}`,
    {
      code: job.reason ?? undefined,
      // A newer job continues what a superseded one has begun.
      remedy: job.supersededBy ? `runos follow ${job.supersededBy}` : `runos jobs show ${jobId}`,
      body: { job },
    },
  );
}

async function* eventsOf(client: ApiClient, jobId: string, signal: AbortSignal): AsyncGenerator<JobEvent> {
  try {
    yield* streamedEvents(client, jobId, signal);
  } catch (error) {
    const hasNoStream =
      error instanceof CliError && error.details.statusCode === 404 && error.details.code?.startsWith('job.') !== true;
    if (!hasNoStream) throw error;
    yield* polledEvents(client, jobId, signal);
  }
}

async function displayOf({ terminal, now }: CommandContext, output: Output): Promise<JobDisplay> {
  if (terminal.stderr.isTTY !== true || output.isQuiet || terminal.env['TERM'] === 'dumb')
    return new LineDisplay(output, now);
  const { LiveDisplay } = await import('./live-display.js');
  return new LiveDisplay(output, now);
}

/** `✓ service.create of postgresql-o0i2a completed (14.1s)`. A failure is reported as an error. */
function outcome(job: Job, { noteStyle }: Output, now: Date): string {
  if (job.status !== 'completed') return '';
  const subject = job.osid === null ? '' : ` of ${job.osid}`;
  const time = secondsText(elapsedMs(job.createdAt, job.completedAt, now));
  return `${noteStyle.green('✓')} ${job.type}${subject} completed (${time})`;
}
