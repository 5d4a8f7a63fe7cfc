import { describe, expect, it } from '@jest/globals';
import { type Role, roles, weakerRole } from '@runos/api';
import { checkExpiry, checkRole } from './api-keys.js';

const now = new Date('2030-01-01T00:00:00.000Z');
const daysAhead = (days: number) => new Date(now.getTime() + days * 86_400_000).toISOString();

describe('checkExpiry', () => {
  it('defaults to 90 days and allows at most 365', () => {
    expect(checkExpiry(undefined, now).toISOString()).toBe(daysAhead(90));
    expect(checkExpiry(daysAhead(365), now).toISOString()).toBe(daysAhead(365));
    expect(checkExpiry('2030-01-02T02:00:00+02:00', now).toISOString()).toBe(daysAhead(1));
  });

  it('rejects past, present and later times', () => {
    for (const wrong of [daysAhead(-1), now.toISOString(), daysAhead(365.00001)]) {
      expect(() => checkExpiry(wrong, now)).toThrow(
        `expiresAt must be in the future and at most 365 days ahead; ${wrong}`,
      );
    }
  });
});

describe('checkRole', () => {
  const roleFor = (requested: Role | 'limited' | undefined, creator: Role) => {
    try {
      return checkRole(requested, creator);
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('is at most the creator’s, for every pair', () => {
    for (const creator of roles) {
      for (const requested of roles) {
        expect(roleFor(requested, creator)).toBe(
          weakerRole(requested, creator) === requested ? requested : 'auth.forbidden',
        );
      }
      expect(roleFor('limited', creator)).toBe('viewer');
      expect(roleFor(undefined, creator)).toBe(creator === 'viewer' ? 'viewer' : 'member');
    }
  });
});
