import { eventually, readPlaneInfo, withSql } from '@runos/tool-e2e';
import { controlPlane, DataFolder, replicaName, services } from '@runos/tool-start';
import { type InjectedFault, kill } from '../kill/faults.js';

/** The number of replicas of every service. */
export const replicaCount = 2;

/** The names of all first replicas, of all second ones, and so on. */
export const rounds: readonly (readonly string[])[] = Array.from({ length: replicaCount }, (_, number) =>
  services.map((plan) => replicaName(plan, number)),
);

/** The replicas of the agent gateway; one of them holds the stream of the cluster. */
export const agentGateways = rounds.flat().filter((name) => name.startsWith('agent-gateway'));

/** The time within which jobs of the cluster continue after the gateway of its agent was killed, ms. */
const recoveryMs = 15_000;

/** SIGKILL of an agent gateway: the agent connects to the other one, and later requests are completed. */
export const killAgentGateway = (name: string, print: (line: string) => void): InjectedFault => {
  const fault = kill(name);
  return {
    ...fault,
    async inject(data, ledger) {
      const { databaseUrl } = await readPlaneInfo(data);
      const injectedAt = new Date();
      const [ms] = await Promise.all([waitForNextJob(databaseUrl, injectedAt), fault.inject(data, ledger)]);
      print(`${fault.name}: a job that was requested after it ended ${(ms / 1_000).toFixed(1)} s after it`);
      if (ms > recoveryMs) throw new Error(`the jobs of the cluster did not continue for ${ms} ms`);
    },
  };
};

/** Restarts the replicas of one round after the other, like a rolling upgrade, without failed requests. */
export const rollingRestart = (over: readonly (readonly string[])[]): InjectedFault => ({
  name: `rolling restart in ${over.length} rounds`,
  hits: [],
  async inject(data) {
    const folder = new DataFolder(data);
    for (const names of over) {
      await Promise.all(
        names.map(async (name) => {
          await controlPlane(folder, 'stop', name);
          await controlPlane(folder, 'start', name);
        }),
      );
    }
  },
});

/** Long enough to measure late work, ms. */
const timeoutMs = 90_000;

/** The time from `since` to the end of the first job that was requested later, ms. Needs continuing load. */
const waitForNextJob = (databaseUrl: string, since: Date): Promise<number> =>
  withSql(databaseUrl, async (client) => {
    const done = await eventually(
      'a job to be done',
      async () => {
        const { rows } = await client.query<{ at: Date | null }>(
          `SELECT min(completed_at) AS at FROM reconciler.job_ref WHERE outcome = 'completed' AND created_at > $1`,
          [since],
        );
        return rows[0]?.at ?? undefined;
      },
      timeoutMs,
    );
    return done.getTime() - since.getTime();
  });
