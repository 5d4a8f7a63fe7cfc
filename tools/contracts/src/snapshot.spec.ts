import { describe, expect, it } from '@jest/globals';
import { breakingChanges } from './breaking-changes.js';
import { currentMessages, readSnapshot } from './messages.js';

describe('the messages between processes', () => {
  const before = readSnapshot();
  const now = currentMessages();

  it('are compatible with the version of the snapshot', () => {
    expect(breakingChanges(before, now)).toEqual([]);
  });

  it('equal the snapshot; update it with: npm run contracts:snapshot', () => {
    const changed = Object.keys(now).filter((name) => JSON.stringify(now[name]) !== JSON.stringify(before[name]));
    expect(changed).toEqual([]);
    expect(Object.keys(now).length).toBeGreaterThan(60);
  });
});
