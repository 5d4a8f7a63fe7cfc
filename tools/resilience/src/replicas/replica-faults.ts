import { readPlaneInfo } from '@runos/tool-e2e';
import { controlPlane, DataFolder, replicaName, services } from '@runos/tool-start';
import { type Fault, kill } from '../kill/faults.js';
import { workContinued } from './work-continued.js';

/** How many replicas every service of these planes has. */
export const replicas = 2;

/** The names of all first replicas, of all second ones, and so on. */
export const rounds: readonly (readonly string[])[] = Array.from({ length: replicas }, (_, number) =>
  services.map((plan) => replicaName(plan, number)),
);

/** Both doors the agents dial: whichever one of them holds the stream of the cluster. */
export const agentDoors = rounds.flat().filter((name) => name.startsWith('agent-gateway'));

/** The cluster's work goes on within this time after the replica that its agent was connected to died, ms. */
const absentMs = 15_000;

/** SIGKILL of an agent gateway; the agent finds the other one, and what clients asked for after the kill gets done. */
export const killAgentDoor = (name: string, say: (line: string) => void): Fault => {
  const fault = kill(name);
  return {
    ...fault,
    async strike(data, ledger) {
      const { databaseUrl } = await readPlaneInfo(data);
      const struck = new Date();
      const [ms] = await Promise.all([workContinued(databaseUrl, struck), fault.strike(data, ledger)]);
      say(`${fault.name}: a job asked for after it was done ${(ms / 1_000).toFixed(1)} s after it`);
      if (ms > absentMs) throw new Error(`the work of the cluster stood still for ${ms} ms`);
    },
  };
};

/** Stops and starts the replicas of one round after the other, as a new version comes. Clients notice nothing of it. */
export const rollingRestart = (over: readonly (readonly string[])[]): Fault => ({
  name: `rolling restart in ${over.length} rounds`,
  hits: [],
  async strike(data) {
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
