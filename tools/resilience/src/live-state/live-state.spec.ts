import { expect, it } from '@jest/globals';
import { runRows } from './live-state.js';
import { rows } from './rows.js';

/** The rows that last long, or disturb others, and that another spec tests on the real API server. */
const testedElsewhere: Readonly<Record<string, string>> = {
  F4: 'tools/e2e overridden.spec',
  F5: 'tools/e2e drift.spec',
  F6: 'tools/e2e live-state.spec',
  F7: 'tools/e2e live-state.spec',
  F11: 'tools/e2e live-state.spec',
  F16: 'apps/cluster-agent lost-kind.spec',
  F17: 'apps/agent-gateway stale-agents.spec',
};

it('a plane and its cluster show and repair what operators meet in live clusters', async () => {
  const chosen = rows.filter(({ id }) => testedElsewhere[id] === undefined);
  expect(await runRows(chosen, 'simulated')).toEqual([]);
}, 900_000);
