import { describe, expect, it } from '@jest/globals';
import { levels, roleAllows, roles, weakerRole } from './access.js';

describe('roles', () => {
  it('allow their levels', () => {
    const table = Object.fromEntries(roles.map((role) => [role, levels.filter((level) => roleAllows(role, level))]));
    expect(table).toEqual({
      viewer: ['read'],
      member: ['read', 'sensitive_read', 'write'],
      admin: levels,
      owner: levels,
    });
  });

  it('are ordered: a stronger role allows everything that a weaker one allows', () => {
    for (const a of roles) {
      for (const b of roles) {
        const weaker = weakerRole(a, b);
        expect(weakerRole(b, a)).toBe(weaker);
        for (const level of levels) {
          expect(roleAllows(weaker, level)).toBe(roleAllows(a, level) && roleAllows(b, level));
        }
      }
    }
  });
});
