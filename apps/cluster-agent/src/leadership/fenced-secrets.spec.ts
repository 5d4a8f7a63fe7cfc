import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@runos/kernel';
import type { KubeObject } from '@runos/kube-objects';
import { type AgentAccess, agentAccess } from '../../test/agent-access.js';
import { leaseTerm, refIn } from '../../test/harness.js';
import { FencedSecrets } from './fenced-secrets.js';
import { LeaseTerm } from './lease-term.js';

let access: AgentAccess;
let name: string;
let made = 0;

beforeAll(async () => {
  access = await agentAccess();
}, 900_000);

afterAll(() => access?.stop());

beforeEach(() => {
  made += 1;
  name = `fenced-${made}`;
});

const ref = () => refIn(access.namespace, 'v1', 'Secret', name);
const secret = (text: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: access.namespace },
  data: { text: Buffer.from(text).toString('base64') },
});
const stored = async () => {
  const live = await access.admin.find(ref());
  return live && Buffer.from((live['data'] as { text: string }).text, 'base64').toString();
};
const secretsOf = (term: LeaseTerm) => new FencedSecrets(access.agent, access.namespace, term);
const touch = () => access.admin.mergePatch(ref(), { metadata: { labels: { by: 'a-person' } } });

/** The Secret `1`, written by the leader with token 1. */
async function written() {
  const term = leaseTerm(1);
  const secrets = secretsOf(term);
  await secrets.save(secret('1'), { isNew: true });
  return { term, secrets };
}

describe('a Secret of the leader', () => {
  it('is created once, replaced after that, and carries the fencing token', async () => {
    const { secrets } = await written();
    expect((await access.admin.get(ref())).metadata.annotations).toEqual({
      'runos.com/fencing-token': '1',
      'runos.com/first-write': 'true',
    });
    await secrets.save(secret('2'));
    expect((await access.admin.get(ref())).metadata.annotations).toEqual({ 'runos.com/fencing-token': '1' });
    await secrets.delete(name);
    expect(await stored()).toBeUndefined();
  });

  it('is written again after a person has changed it', async () => {
    const { secrets, term } = await written();
    await touch();
    await secrets.save(secret('2'));
    await touch();
    await secrets.delete(name);
    expect([await stored(), term.isHeld]).toEqual([undefined, true]);
  });

  it('is taken over from an earlier leader, who cannot write it any more', async () => {
    const { secrets: earlier, term } = await written();
    const later = secretsOf(leaseTerm(2));
    await later.save(secret('2'), { isNew: true });
    await expect(earlier.save(secret('1 again'))).rejects.toThrow(`Secret ${name} was written by a later leader (2).`);
    await expect(earlier.delete(name)).rejects.toThrow('This agent is no longer the leader.');
    expect([await stored(), term.ended.aborted]).toEqual(['2', true]);
  });

  it('is not overwritten when its content is newer', async () => {
    const { term } = await written();
    const late = secretsOf(term);
    await expect(late.save(secret('0'), { isNew: true, isNewer: () => true })).rejects.toThrow('newer content');
    expect(await stored()).toBe('1');
  });

  it('is not created again after its deletion', async () => {
    const { secrets, term } = await written();
    await access.admin.delete(ref());
    await expect(secrets.save(secret('2'), { isNew: true })).rejects.toThrow(`Secret ${name} was deleted.`);
    expect([await stored(), term.ended.aborted]).toEqual([undefined, true]);
  });

  it('is not created again by its own leader after he has deleted it', async () => {
    const { secrets } = await written();
    await secrets.delete(name);
    await expect(secrets.save(secret('2'))).rejects.toThrow(`Secret ${name} was deleted.`);
    expect(await stored()).toBeUndefined();
  });

  it('is not written when the lease has expired meanwhile', async () => {
    const { secrets: holder } = await written();
    const term = new LeaseTerm({ clock: systemClock, token: 1, heldUntilMs: systemClock.monotonicMs() });
    const secrets = secretsOf(term);
    await expect(secrets.save(secret('2'), { isNew: true })).rejects.toMatchObject({ code: 'unavailable' });
    expect(await stored()).toBe('1');
    await holder.delete(name);
  });
});

describe('a create that arrives late', () => {
  it('is recognized by a load after that of a later leader, unless it was replaced', async () => {
    const before = await written();
    const { resourceVersion = '' } = (await access.admin.get(ref())).metadata;
    const loaded = (token: number, version: number) =>
      secretsOf(
        new LeaseTerm({
          clock: systemClock,
          token: 9,
          heldUntilMs: Infinity,
          earlierLoad: { token, resourceVersion: String(version) },
        }),
      );
    const version = Number(resourceVersion);
    const live = await access.admin.get(ref());
    expect(loaded(2, version - 1).isLateCreate(live)).toBe(true);
    expect(loaded(2, version).isLateCreate(live)).toBe(false);
    expect(loaded(1, version - 1).isLateCreate(live)).toBe(false);
    await before.secrets.save(secret('2'));
    expect(loaded(2, version - 1).isLateCreate(await access.admin.get(ref()))).toBe(false);
  });
});
