import { describe, expect, it, jest } from '@jest/globals';
import { type KubeObject, packObjects } from '@runos/kube-objects';
import { bundleOf, kindCatalogs, newOsid, objectsOf, ofKind } from '../../test/harness.js';
import { type BundleRecord, emptyRecord } from '../bundles/bundle-record.js';
import { Instance } from './instance.js';
import { redactionOf } from './redaction-of.js';

const osid = newOsid();
const recordOf = (revision: number, password: string): BundleRecord => {
  const secret: KubeObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: osid, namespace: osid },
    data: { password: Buffer.from(password).toString('base64') },
  };
  const objects = [ofKind(objectsOf(osid), 'Namespace'), secret];
  const { objectsGz, digest } = packObjects(objects);
  const bundle = { ...bundleOf(osid, revision, objects), digest, objectsGz: Buffer.from(objectsGz, 'base64') };
  return { ...emptyRecord(osid), ...bundle };
};

describe('the redaction of an instance', () => {
  it('unpacks the objects once per revision, and forgets no value of the revision before', () => {
    const instance = new Instance(recordOf(1, 'first-password'), kindCatalogs());
    const unpack = jest.spyOn(instance, 'desiredObjects');
    for (let apply = 0; apply < 100; apply += 1) {
      expect(redactionOf(instance)('refused: first-password')).toBe('refused: [redacted]');
    }
    expect(unpack).toHaveBeenCalledTimes(1);
    instance.recordStored({ ...instance.record, checkpoint: { applied: {} } });
    redactionOf(instance)('a checkpoint was written');
    expect(unpack).toHaveBeenCalledTimes(1);

    instance.recordStored(recordOf(2, 'second-password'));
    expect(redactionOf(instance)('first-password second-password')).toBe('[redacted] [redacted]');
    redactionOf(instance)('second-password');
    expect(unpack).toHaveBeenCalledTimes(2);
  });

  it('has the values of its own Secrets only', () => {
    const [one, other] = [recordOf(1, 'one-password'), recordOf(1, 'other-password')].map(
      (record) => new Instance(record, kindCatalogs()),
    );
    if (one === undefined || other === undefined) throw new Error('there are two');
    expect(redactionOf(one)('one-password other-password')).toBe('[redacted] other-password');
    expect(redactionOf(other)('one-password other-password')).toBe('one-password [redacted]');
  });
});
