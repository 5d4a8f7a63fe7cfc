import { exponentialBackoff } from '@runos/engine';

/** What became of an instruction. `failed`: the agent gateway itself could not be asked. */
export type Outcome =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'declined'; readonly reason: string }
  | { readonly outcome: 'refused'; readonly message: string }
  | { readonly outcome: 'absent' }
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'failed'; readonly message: string };

/** What follows: `delivered` ends the work, everything else asks again at that time or when the agent comes. */
export interface AfterInstruct {
  readonly delivered: boolean;
  readonly failures: number;
  readonly againInMs?: number;
  /** Nothing of this cluster can be delivered before: its lane is held. */
  readonly holdLaneMs?: number;
  /** What the job says while it waits. */
  readonly reason: string | null;
  readonly progress: string | null;
  /** Worth a line in the job's log; the same one is written once. */
  readonly problem: string | null;
}

const absent = exponentialBackoff({ firstMs: 1_000, maxMs: 30_000 });
const unanswered = exponentialBackoff({ firstMs: 200, maxMs: 15_000 });
const declined = exponentialBackoff({ firstMs: 1_000, maxMs: 60_000 });

/** An answer that could not be had is not a no: the same instruction is harmless to repeat, so it is asked again. */
export function afterInstruct(outcome: Outcome, cid: string, failuresBefore: number): AfterInstruct {
  const failures = failuresBefore + 1;
  const waiting = { delivered: false, failures };
  switch (outcome.outcome) {
    case 'accepted':
      return { delivered: true, failures: 0, reason: null, progress: 'handed to the cluster', problem: null };
    case 'absent': {
      // The agent's return wakes this; the delay is for a return that nobody told of.
      const ms = absent(failures);
      const progress = `waiting for the cluster agent of ${cid}: it is not connected`;
      return { ...waiting, againInMs: ms, holdLaneMs: ms, reason: 'AgentAbsent', progress, problem: null };
    }
    case 'unknown':
      return {
        ...waiting,
        againInMs: unanswered(failures),
        reason: 'AgentSilent',
        progress: `the cluster agent of ${cid} has not answered yet; asking again`,
        problem: null,
      };
    case 'failed':
      return {
        ...waiting,
        againInMs: unanswered(failures),
        reason: 'AgentGatewayUnavailable',
        progress: `the cluster agent of ${cid} cannot be asked: ${outcome.message}`,
        problem: null,
      };
    case 'declined':
    case 'refused': {
      const why = outcome.outcome === 'declined' ? outcome.reason : outcome.message;
      const problem = `The cluster agent of ${cid} did not take it: ${why}`;
      return { ...waiting, againInMs: declined(failures), reason: 'Declined', progress: problem, problem };
    }
  }
}
