import { beforeAll, describe, expect, it } from '@jest/globals';
import { operations } from '@runos/api';
import type { RolesVerdict } from './database-roles.js';
import type { Matrix } from './matrix.js';
import { samples } from './samples.js';
import { nameOf } from './tenants.js';
import { tryTenants } from './try-tenants.js';

describe('two accounts on one plane', () => {
  let matrix: Matrix;
  let roles: RolesVerdict;
  beforeAll(async () => ({ matrix, roles } = await tryTenants()), 180_000);

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

  it('are not changed by what is refused; what passes leaves the record that credentials were read', () => {
    expect(matrix.changed).toEqual({ refused: [], passed: ['identity.audit_entry'] });
  });

  it('lie in schemas that only the role of their own service can reach', () => {
    expect(roles.wrong).toEqual([]);
    expect(roles.names.length).toBeGreaterThan(3);
    expect(roles.tried).toBeGreaterThan(500);
  });
});
