import { describe, expect, it } from '@jest/globals';
import type { AgentConnection } from '@runos/contracts';
import { type Before, planPresence } from './presence-plan.js';

const told = (over: Partial<AgentConnection> = {}): AgentConnection => ({
  cid: 'abc',
  nid: null,
  sessionNo: 5,
  seq: 2,
  connected: true,
  ready: true,
  version: '1.0.0',
  capabilities: ['bundles/1'],
  clusterUid: 'u1',
  lastHeartbeatAt: null,
  certificateExpiresAt: null,
  ...over,
});
const before = (over: Partial<Before> = {}): Before => ({ sessionNo: 5, seq: 1, present: false, uid: 'u1', ...over });

describe('presence', () => {
  it('counts only what is newer, whatever order it arrives in', () => {
    for (const late of [told({ seq: 1 }), told({ sessionNo: 4, seq: 99 })]) {
      expect(planPresence(before({ present: true }), late)).toMatchObject({
        news: false,
        present: true,
        turn: undefined,
      });
    }
    expect(planPresence(before(), told({ sessionNo: 6, seq: 0 })).news).toBe(true);
  });

  it('sends what waits when an agent comes, and when it comes anew', () => {
    expect(planPresence(before(), told()).turn).toBe('arrived');
    expect(planPresence(before({ present: true }), told()).turn).toBeUndefined();
    expect(planPresence(before({ present: true }), told({ sessionNo: 6, seq: 0 })).turn).toBe('arrived');
  });

  it('stops when the stream ends, whether or not it still counts as ready', () => {
    expect(planPresence(before({ present: true }), told({ connected: false }))).toMatchObject({
      present: false,
      turn: 'left',
    });
  });

  it('sends nothing before the hello that says what the agent can do', () => {
    expect(planPresence(before(), told({ capabilities: [] }))).toMatchObject({ present: false, turn: undefined });
  });

  it('binds the cluster to the Kubernetes it first spoke for, and sends nothing to another', () => {
    expect(planPresence(before({ uid: null }), told()).uid).toBe('u1');
    expect(planPresence(before(), told({ clusterUid: 'u2' }))).toMatchObject({
      present: false,
      uid: 'u1',
      foreignUid: 'u2',
      turn: undefined,
    });
  });
});
