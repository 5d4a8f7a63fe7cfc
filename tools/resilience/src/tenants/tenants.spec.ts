import { beforeAll, describe, expect, it } from '@jest/globals';
import { operations } from '@runos/api';
import { serviceNames, streamsUser } from '@runos/contracts';
import type { RolesResult } from './database-roles.js';
import { type ForeignAgentResult, refusedActions } from './foreign-agent.js';
import type { Matrix } from './matrix.js';
import type { NatsUsersResult } from './nats-users.js';
import { samples } from './samples.js';
import { nameOf, testTenants } from './tenants.js';

describe('two accounts on one plane', () => {
  let matrix: Matrix;
  let agent: ForeignAgentResult;
  let roles: RolesResult;
  let users: NatsUsersResult;
  beforeAll(async () => ({ matrix, agent, roles, users } = await testTenants()), 240_000);

  it('are tested with every operation', () => {
    const withRow = operations.filter(({ plans }) => plans === undefined);
    expect(Object.keys(samples).sort()).toEqual(withRow.map(({ id }) => id).sort());
    const tried = new Set(matrix.cells.map(({ one }) => one.operation.id));
    expect(tried.size).toBe(operations.length);
  });

  it('give the expected response to every caller, and not found for foreign resources', () => {
    const wrong = matrix.cells.flatMap((cell) => cell.failures.map((fault) => `${nameOf(cell)}: ${fault}`));
    expect(wrong).toEqual([]);
    expect(matrix.requests).toBeGreaterThan(800);
  });

  it('do not change by refused requests; responses with secrets, also repeated ones, are audited', () => {
    const recorded = ['identity.audit_entry'];
    expect(matrix.changed).toEqual({ repeated: recorded, refused: [], passed: recorded });
  });

  it('do not give a response to other callers that repeat its Idempotency-Key', () => {
    expect(matrix.repeats.wrong).toEqual([]);
    expect(matrix.repeats.tried).toBeGreaterThan(50);
  });

  it('have agents that are refused for each other’s resources, with an audit entry', () => {
    const { own, other } = agent.accounts;
    expect(agent.wrong).toEqual([]);
    expect(agent.changed).toEqual(['identity.audit_entry']);
    expect([...new Set(agent.audited.map(({ action }) => action))].sort()).toEqual(refusedActions);
    for (const { action, outcome, subject, aid, detail } of agent.audited) {
      const reason = expect.any(String);
      expect({ outcome, subject, detail }).toMatchObject({ outcome: 'refused', detail: { reason } });
      if (action === 'agent.register') expect(subject).toMatch(/^from 127\.0\.0\.1$/);
      else expect([`${other} other/`, `${own} second/`]).toContain(`${aid} ${subject.replace(/\/.*/, '/')}`);
    }
    const senders = agent.audited.map(({ aid }) => aid);
    expect(senders).toEqual(expect.arrayContaining([own, other]));
    expect(agent.audited.length).toBeLessThan(agent.tried / 2);
  });

  it('are stored in schemas that only the role of their service can access', () => {
    expect(roles.wrong).toEqual([]);
    expect(roles.names.length).toBeGreaterThan(3);
    expect(roles.tried).toBeGreaterThan(500);
  });
  it('are not reached by the stolen NATS credentials of a service beyond its contracts', () => {
    expect(users.wrong).toEqual([]);
    expect(users.changed).toEqual([]);
    expect(users.names).toEqual([...serviceNames, streamsUser]);
    expect(users.tried).toBeGreaterThan(3_000);
  });
});
