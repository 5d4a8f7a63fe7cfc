import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { serviceType } from '@runos/service-types';
import { addNewerRenderer } from '@runos/service-types/testing';
import { planGroup } from './upgrade-groups.js';

describe('the upgrade of instances with the same spec', () => {
  let takeAway: () => void;
  beforeEach(() => {
    takeAway = addNewerRenderer('valkey', '9.0');
  });
  afterEach(() => takeAway());

  const plan = (version: string, rendererVersion: number, requested?: string, state = {}) =>
    planGroup(
      serviceType('valkey'),
      { version, rendererVersion, deleting: false, diverged: false, config: null, ...state },
      requested,
    );

  it('moves the renderer, and the version if one is requested', () => {
    expect(plan('8.1', 1)).toEqual({ kind: 'changing', target: { version: '8.1', rendererVersion: 2 } });
    expect(plan('8.1', 1, '9.0')).toEqual({ kind: 'changing', target: { version: '9.0', rendererVersion: 2 } });
    expect(plan('8.1', 2, '9.0')).toEqual({ kind: 'changing', target: { version: '9.0', rendererVersion: 2 } });
  });

  it('changes nothing at the target', () => {
    expect(plan('8.1', 2)).toEqual({ kind: 'upToDate' });
    expect(plan('9.0', 2, '9.0')).toEqual({ kind: 'upToDate' });
  });

  it('is blocked by a newer version, a deletion, and a bundle that the plane does not know', () => {
    const message = expect.stringContaining('older than the current version');
    expect(plan('9.0', 2, '8.1')).toEqual({ kind: 'blocked', block: { reason: 'Refused', message } });
    const blocked = (reason: string) => ({ kind: 'blocked', block: { reason } });
    expect(plan('8.1', 1, undefined, { deleting: true })).toMatchObject(blocked('Deleting'));
    expect(plan('8.1', 1, undefined, { diverged: true })).toMatchObject(blocked('Diverged'));
    expect(plan('8.1', 2, undefined, { diverged: true })).toMatchObject(blocked('Diverged'));
  });
});
