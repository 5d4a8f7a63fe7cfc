import { beforeAll, describe, expect, it } from '@jest/globals';
import { operations } from '@runos/api';
import type { RolesVerdict } from './database-roles.js';
import { type AgentVerdict, refusedActions } from './foreign-agent.js';
import type { Matrix } from './matrix.js';
import { samples } from './samples.js';
import { nameOf } from './tenants.js';
import { tryTenants } from './try-tenants.js';

describe('two accounts on one plane', () => {
  let matrix: Matrix;
  let agent: AgentVerdict;
  let roles: RolesVerdict;
  beforeAll(async () => ({ matrix, agent, roles } = await tryTenants()), 180_000);

  it('are tried with every operation', () => {
    expect(Object.keys(samples).sort()).toEqual(operations.map(({ id }) => id).sort());
    const tried = new Set(matrix.cells.map(({ one }) => one.operation.id));
    expect(tried.size).toBe(operations.length);
  });

  it('answer every caller as they must, and what is not theirs as what does not exist', () => {
    const wrong = matrix.cells.flatMap((cell) => cell.faults.map((fault) => `${nameOf(cell)}: ${fault}`));
    expect(wrong).toEqual([]);
    expect(matrix.requests).toBeGreaterThan(800);
  });

  it('are not changed by what is refused; what tells a secret, also once more, leaves a record', () => {
    const recorded = ['identity.audit_entry'];
    expect(matrix.changed).toEqual({ repeated: recorded, refused: [], passed: recorded });
  });

  it('keep to themselves what they were answered under a key that others repeat', () => {
    expect(matrix.repeats.wrong).toEqual([]);
    expect(matrix.repeats.tried).toBeGreaterThan(50);
  });

  it('have agents that can say nothing about each other’s things; they are refused, and that is audited', () => {
    expect(agent.wrong).toEqual([]);
    expect(agent.changed).toEqual(['identity.audit_entry']);
    expect([...new Set(agent.audited.map(({ action }) => action))].sort()).toEqual(refusedActions);
    for (const { action, outcome, subject, aid, detail } of agent.audited) {
      const reason = expect.any(String);
      expect({ outcome, subject, detail }).toMatchObject({ outcome: 'refused', detail: { reason } });
      if (action === 'agent.register') expect(subject).toMatch(/^from 127\.0\.0\.1$/);
      else expect([aid, subject]).toEqual([agent.account, expect.stringMatching(/^theirs\//)]);
    }
    expect(agent.audited.length).toBeLessThan(agent.tried / 2);
  });

  it('lie in schemas that only the role of their own service can reach', () => {
    expect(roles.wrong).toEqual([]);
    expect(roles.names.length).toBeGreaterThan(3);
    expect(roles.tried).toBeGreaterThan(500);
  });
});
