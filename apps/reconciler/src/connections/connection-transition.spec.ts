import { describe, expect, it } from '@jest/globals';
import type { AgentConnection } from '@runos/contracts';
import { connectionTransition, type StoredConnection } from './connection-transition.js';

const report = (over: Partial<AgentConnection> = {}): AgentConnection => ({
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
const stored = (over: Partial<StoredConnection> = {}): StoredConnection => ({
  sessionNo: 5,
  seq: 1,
  connected: false,
  uid: 'u1',
  foreignUid: null,
  ...over,
});

describe('a connection report', () => {
  it('changes the connection only when it is newer', () => {
    for (const late of [report({ seq: 1 }), report({ sessionNo: 4, seq: 99 })]) {
      expect(connectionTransition(stored({ connected: true }), late)).toMatchObject({
        newer: false,
        connected: true,
        change: undefined,
      });
    }
    expect(connectionTransition(stored(), report({ sessionNo: 6, seq: 0 })).newer).toBe(true);
  });

  it('connects the cluster when an agent connects, and in each new session', () => {
    expect(connectionTransition(stored(), report()).change).toBe('connected');
    expect(connectionTransition(stored({ connected: true }), report()).change).toBeUndefined();
    expect(connectionTransition(stored({ connected: true }), report({ sessionNo: 6, seq: 0 })).change).toBe(
      'connected',
    );
  });

  it('disconnects the cluster when the stream closes, also while the agent is ready', () => {
    expect(connectionTransition(stored({ connected: true }), report({ connected: false }))).toMatchObject({
      connected: false,
      change: 'disconnected',
    });
  });

  it('does not connect the cluster before the HELLO with the capabilities', () => {
    expect(connectionTransition(stored(), report({ capabilities: [] }))).toMatchObject({
      connected: false,
      change: undefined,
    });
  });

  it('binds the cluster to the Kubernetes cluster of its first agent, and refuses agents of others', () => {
    expect(connectionTransition(stored({ uid: null }), report()).uid).toBe('u1');
    expect(connectionTransition(stored(), report({ clusterUid: 'u2' }))).toMatchObject({
      connected: false,
      uid: 'u1',
      foreignUid: 'u2',
      change: undefined,
    });
  });

  it('keeps the foreign Kubernetes cluster until an agent states the right one', () => {
    const foreign = stored({ foreignUid: 'u2' });
    const of = (over: Partial<AgentConnection>) => connectionTransition(foreign, report(over));
    for (const kept of [
      report({ sessionNo: 6, seq: 0, clusterUid: null }),
      report({ clusterUid: 'u2', connected: false }),
      report({ clusterUid: null, connected: false, ready: false }),
    ]) {
      expect(connectionTransition(foreign, kept)).toMatchObject({ connected: false, uid: 'u1', foreignUid: 'u2' });
    }
    expect(of({ clusterUid: 'u3' })).toMatchObject({ connected: false, foreignUid: 'u3' });
    expect(of({ clusterUid: 'u1' })).toMatchObject({ connected: true, foreignUid: null, change: 'connected' });
    expect(of({ seq: 0 })).toMatchObject({ newer: false, foreignUid: 'u2' });
  });
});
