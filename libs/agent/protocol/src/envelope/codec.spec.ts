import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { propertySeed } from '@runos/testing-basics';
import fc from 'fast-check';
import { AddonStatus } from '../catalog/addon.js';
import { APPLY_BUNDLE, BundleStatus } from '../catalog/bundle.js';
import { reports, type ReportType } from '../catalog/catalog.js';
import { AgentHello, NodeAgentHeartbeatToServer } from '../catalog/agent-reports.js';
import { decodeJson, encodeJson, envelope, errorEnvelope } from './envelope.js';
import { instructionEnvelope, readInstruction, readReply, readReport, replyEnvelope, reportEnvelope } from './codec.js';

fc.configureGlobal({ seed: propertySeed() });

const tag = '0190c0de-0000-7000-8000-000000000001';
const digest = 'ab'.repeat(32);

describe('payloads', () => {
  it('are equal after a round trip for every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const sent: unknown = JSON.parse(JSON.stringify(value));
        expect(decodeJson(encodeJson(sent))).toEqual({ ok: true, value: sent });
      }),
    );
  });

  it('are rejected with a reason when they are not base64, UTF-8 or JSON', () => {
    const texts = ['exit status 1', 'e30', 'e30=e30=', 'e30 ', 'e30\n', 'ey-_', 'eyA\u0100', '====', '=', 'ÿÿÿÿ'];
    for (const text of texts) {
      expect([text, decodeJson(text)]).toEqual([text, { ok: false, problem: 'the payload is not base64' }]);
    }
    expect(decodeJson(Buffer.from([0xc3, 0x28]).toString('base64'))).toMatchObject({ ok: false });
    expect(decodeJson(Buffer.from('{').toString('base64'))).toMatchObject({ ok: false });
    expect(decodeJson(Buffer.from('['.repeat(200_000)).toString('base64'))).toMatchObject({ ok: false });
  });
});

describe('reports', () => {
  it('never make a reader throw', () => {
    const types = fc.oneof(fc.constantFrom(...(Object.keys(reports) as ReportType[])), fc.string());
    const payloads = fc.oneof(fc.string(), fc.base64String(), fc.jsonValue().map(encodeJson));
    fc.assert(
      fc.property(types, payloads, fc.string(), (type, jsonB64, tag) => {
        expect(['report', 'unknown', 'invalid']).toContain(readReport({ type, jsonB64, tag }).kind);
        expect(['instruction', 'unknown', 'invalid']).toContain(readInstruction({ type, jsonB64, tag }).kind);
      }),
    );
  });

  it('with the names of inherited object properties are unknown', () => {
    for (const type of ['constructor', '__proto__', 'toString', '']) {
      expect(readReport({ type, jsonB64: '', tag })).toEqual({ kind: 'unknown', type, tag });
    }
  });

  it('read a value of a newer agent as unrecognised instead of rejecting the message', () => {
    const heartbeat = { status: 'hibernating', isCp: true, isWorker: false, version: '9.0.0', externalIpAddress: '' };
    expect(readReport(reportEnvelope(NodeAgentHeartbeatToServer, heartbeat, tag))).toMatchObject({
      kind: 'report',
      body: { status: 'unrecognised', isCp: true, rolesKnown: true },
    });
  });

  it('name the invalid fields', () => {
    const sent = { type: 'BundleStatus', jsonB64: encodeJson({ osid: 'nonsense', generation: -1 }), tag };
    expect(readReport(sent)).toMatchObject({ kind: 'invalid', problem: expect.stringMatching(/osid: .*generation: /) });
  });

  it('carry a whole bundle status', () => {
    const object = { apiVersion: 'v1', kind: 'Service', namespace: 'valkey-3f9k2', name: 'valkey-3f9k2' };
    const body = {
      osid: 'valkey-3f9k2',
      generation: 3,
      digest,
      phase: 'ready',
      conditions: [{ type: 'Ready', status: 'True' as const, reason: 'AllReady', message: 'All objects are ready.' }],
      objects: [{ ...object, state: 'ready' }],
      drift: [{ object, fields: ['spec.ports'], manager: null, at: '2030-01-01T00:00:00.000Z', action: 'repaired' }],
    };
    expect(readReport(reportEnvelope(BundleStatus, body, tag))).toEqual({
      kind: 'report',
      type: 'BundleStatus',
      tag,
      body,
      payload: body,
    });
  });
});

describe('the status of add-ons', () => {
  const addon = { name: 'cloudnative-pg', present: true, ours: false, version: '1.27.0' };

  it('is equal after a round trip', () => {
    const body = { addons: [addon, { ...addon, name: 'cert-manager', version: null }] };
    expect(readReport(reportEnvelope(AddonStatus, body, tag))).toMatchObject({
      kind: 'report',
      type: 'AddonStatus',
      body,
    });
  });

  it.each([
    ['a version that is no tag', { ...addon, version: '1.27\u0000' }, /version/],
    ['a name that is none', { ...addon, name: '../x' }, /name/],
    ['no `present`', { ...addon, present: undefined }, /present/],
  ])('is rejected with %s', (_, invalid, problem) => {
    const sent = { type: 'AddonStatus', jsonB64: encodeJson({ addons: [invalid] }), tag };
    expect(readReport(sent)).toMatchObject({ kind: 'invalid', problem: expect.stringMatching(problem) });
  });

  it('is requested by the reply to a hello, which agents accept without it too', () => {
    const addons = [{ name: 'widgets', crd: 'widgets.example.com', image: 'example/operator' }];
    for (const value of [{ inSync: true, addons }, { inSync: true }]) {
      expect(readReply(AgentHello, replyEnvelope(AgentHello, value, tag))).toEqual({ ok: true, value });
    }
  });
});

describe('instructions', () => {
  const input = {
    osid: 'valkey-3f9k2',
    generation: 1,
    revision: 1,
    digest,
    driftPolicy: 'repair' as const,
    objectsGz: 'H4sIAAAAAAAAA4uOBQApu0wNAgAAAA==',
  };

  it('are equal after a round trip, and so are their replies', () => {
    const tag = randomUUID();
    const sent = instructionEnvelope(APPLY_BUNDLE, input, tag);
    expect(readInstruction(sent)).toEqual({ kind: 'instruction', type: 'APPLY_BUNDLE', tag, input });
    const answer = replyEnvelope(APPLY_BUNDLE, { accepted: false, reason: 'older than the stored one' }, tag);
    expect(answer).toMatchObject({ type: 'APPLY_BUNDLE_RESPONSE', tag });
    expect(readReply(APPLY_BUNDLE, answer)).toEqual({
      ok: true,
      value: { accepted: false, reason: 'older than the stored one' },
    });
  });

  it('above 4 MiB are rejected before they close a stream', () => {
    expect(() => envelope('APPLY_BUNDLE', 'x'.repeat(3 * 1024 * 1024), tag)).toThrow(/accepts at most 4194304/);
    expect(() => envelope('APPLY_BUNDLE', 'x'.repeat(3 * 1024 * 1024 - 1024), tag)).not.toThrow();
  });
});

describe('error replies', () => {
  it.each([
    ['base64 JSON of a cluster agent', errorEnvelope('no such namespace', tag), 'no such namespace'],
    ['plain text of a node agent', { type: 'ERROR', jsonB64: 'exit status 1: denied', tag }, 'exit status 1: denied'],
    ['plain text that happens to be base64', { type: 'ERROR', jsonB64: 'fail', tag }, 'fail'],
    [
      'a type of its own',
      { type: 'INSTALL_HELM_CHART_ERROR', jsonB64: encodeJson({ response: 'chart not found' }), tag },
      'chart not found',
    ],
    ['nothing', { type: 'ERROR', jsonB64: '', tag }, 'ERROR without a reason'],
  ])('are understood: %s', (_, answer, problem) => {
    expect(readReply(APPLY_BUNDLE, answer)).toEqual({ ok: false, problem });
  });

  it('keep their text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(readReply(APPLY_BUNDLE, errorEnvelope(text, tag))).toEqual({ ok: false, problem: text });
      }),
    );
  });
});
