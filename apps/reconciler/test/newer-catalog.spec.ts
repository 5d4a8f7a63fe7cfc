import { afterEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { addServiceType, beacon } from '@runos/service-types/testing';
import { type Harness, type Instance, useHarness } from './harness.js';

describe('a replica beside a catalog of a newer build', () => {
  const type = 'valkey';
  let harness: Harness;
  let one: Instance;
  useHarness(async (started) => {
    harness = started;
    one = await harness.create(type);
  });
  afterEach(() => harness.catalog.newer.clear());

  const unavailable = { code: 'unavailable', details: { retryAfterSeconds: expect.any(Number) } };
  const invalid = { code: 'request.invalid', details: { issues: [{ path: 'version' }] } };

  /** Each request that names a version. */
  const withVersion = (version: string, idempotency?: { key: string; requestHash: string }) => [
    () => harness.request(reconciler.createInstance, { cid: one.cid, type, fields: { version } }),
    () => harness.request(reconciler.planInstanceUpgrade, { ...one, version }),
    () => harness.request(reconciler.upgradeInstance, { ...one, version, idempotency }),
    () => harness.request(reconciler.planUpgradeWave, { type, version, limit: 10 }),
    () => harness.request(reconciler.createUpgradeWave, { type, version, maxUnavailable: 1 }),
  ];
  /** Each request that names a type. */
  const withType = (name: string) => {
    const named = { cid: one.cid, type: name, id: one.id };
    return [
      () => harness.request(reconciler.createInstance, { cid: one.cid, type: name, fields: {} }),
      () => harness.request(reconciler.listInstances, { cid: one.cid, type: name, limit: 10 }),
      () => harness.request(reconciler.showInstance, named),
      () => harness.request(reconciler.showInstanceStatus, named),
      () => harness.request(reconciler.showInstanceCredentials, named),
      () => harness.request(reconciler.listInstanceEvents, { ...named, limit: 10 }),
      () => harness.request(reconciler.updateInstance, { ...named, fields: {} }),
      () => harness.request(reconciler.restartInstance, named),
      () => harness.request(reconciler.deleteInstance, named),
      () => harness.request(reconciler.planInstanceUpgrade, named),
      () => harness.request(reconciler.upgradeInstance, named),
      () => harness.request(reconciler.acceptInstance, { ...named, desired: 'plane' }),
      () => harness.request(reconciler.setAdvancedConfig, { ...named, values: {} }),
      () => harness.request(reconciler.convertToCustomConfig, named),
      () => harness.request(reconciler.upgradeConfigSet, named),
      () => harness.request(reconciler.planUpgradeWave, { type: name, limit: 10 }),
      () => harness.request(reconciler.createUpgradeWave, { type: name, maxUnavailable: 1 }),
    ];
  };

  it('refuses a version as unavailable if the catalog offers it, else as invalid', async () => {
    harness.catalog.newer.add('valkey 9.0');
    for (const request of withVersion('9.0')) await expect(request()).rejects.toMatchObject(unavailable);
    for (const request of withVersion('9.1')) await expect(request()).rejects.toMatchObject(invalid);
    expect(await harness.request(reconciler.showInstance, one)).toMatchObject({ generation: 1 });
  });

  it('refuses a type as unavailable if the catalog has it, else as not found', async () => {
    harness.catalog.newer.add('beacon');
    for (const request of withType('beacon')) await expect(request()).rejects.toMatchObject(unavailable);
    for (const request of withType('beaco')) await expect(request()).rejects.toMatchObject({ code: 'type.not_found' });
    const elsewhere = harness.request(reconciler.listInstances, { cid: 'other', type: 'beacon', limit: 10 });
    await expect(elsewhere).rejects.toMatchObject({ code: 'cluster.not_found' });
  });

  it('sends the catalog no request about what it has itself', async () => {
    const { requests } = harness.catalog;
    await harness.request(reconciler.planInstanceUpgrade, { ...one, version: '8.1' });
    await harness.request(reconciler.upgradeInstance, { ...one, version: '8.1' });
    await harness.request(reconciler.planUpgradeWave, { type, version: '8.1', limit: 10 });
    await harness.request(reconciler.listInstances, { cid: one.cid, type: 'rabbitmq', limit: 10 });
    const unknown = harness.request(reconciler.showInstance, { ...one, id: 'zzzzz' });
    await expect(unknown).rejects.toMatchObject({ code: 'service.not_found' });
    expect(harness.catalog.requests).toBe(requests);
  });

  it('is the newer one beside a catalog that lacks a type', async () => {
    const removeType = addServiceType(beacon);
    const lamp = await harness.create('beacon');
    harness.catalog.lacking.add('beacon');
    const requests = [
      () => harness.request(reconciler.createInstance, { cid: one.cid, type: 'beacon', fields: {} }),
      () => harness.request(reconciler.updateInstance, { ...lamp, fields: { cpuLimitMc: 200 } }),
    ];
    for (const request of requests) await expect(request()).rejects.toMatchObject(unavailable);
    removeType();
  });

  // The last one, because it stops the catalog.
  it('refuses names that it lacks as unavailable while the catalog does not reply', async () => {
    await harness.service('catalog').stop();
    const requests = [...withVersion('9.0'), ...withType('beaco').slice(0, 3)];
    for (const request of requests) {
      const message = expect.stringMatching(/^catalog is not running/);
      await expect(request()).rejects.toMatchObject({ ...unavailable, message });
    }
  });
});
