import { resolve } from 'node:path';
import { expect, it } from '@jest/globals';
import { machineAbilities, machineVariable } from './machine-abilities.js';
import { readJson } from './projects.js';

const root = resolve(import.meta.dirname, '../../..');

interface Workspace {
  readonly targetDefaults: Readonly<Record<string, { readonly inputs: readonly unknown[] }>>;
}

it.each(['test', 'e2e'])('the results of %s are repeated where the machine has changed', (target) => {
  const { targetDefaults } = readJson<Workspace>(root, '.', 'nx.json');
  expect(targetDefaults[target]?.inputs).toContainEqual({ env: machineVariable });
});

it('the abilities of one machine are always the same text', async () => {
  expect(await machineAbilities()).toBe(await machineAbilities());
});
