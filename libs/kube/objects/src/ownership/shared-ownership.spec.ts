import { describe, expect, it } from '@jest/globals';
import { entry, objectOf, ours } from '../../test/objects.js';
import type { FieldsV1, ManagedFields } from '../kube-object.js';
import { differingPaths } from './differing-paths.js';
import { printPath } from './field-path.js';
import { sharedOwnership, sharingSignature } from './shared-ownership.js';

const spec = { replicas: 2, containers: [{ name: 'web', image: 'a' }] };
const desired = objectOf('Thing', { spec }, { labels: { app: 'web' } });
const fields: FieldsV1 = {
  'f:metadata': { 'f:labels': { 'f:app': {} } },
  'f:spec': { 'f:replicas': {}, 'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:name': {}, 'f:image': {} } } },
};
const restored: FieldsV1 = {
  'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
  'f:spec': {
    'f:replicas': {},
    'f:containers': { '.': {}, 'k:{"name":"web"}': { '.': {}, 'f:name': {}, 'f:image': {}, 'f:tty': {} } },
  },
};
const allowed = new Set(['kube-controller-manager']);
const liveWith = (...entries: ManagedFields[]) =>
  objectOf('Thing', { spec }, { labels: { app: 'web' }, managedFields: [ours(fields), ...entries] });

describe('ownership that another manager shares with us', () => {
  it('is every field that both own, and leaves the other fields to that manager', () => {
    const [share, ...more] = sharedOwnership(liveWith(entry('velero', restored)), desired, allowed);
    expect(more).toEqual([]);
    expect(share).toMatchObject({ index: 1, manager: 'velero' });
    expect(share?.paths.map(printPath)).toEqual([
      'metadata.labels.app',
      'spec.replicas',
      'spec.containers[name=web].name',
      'spec.containers[name=web].image',
    ]);
    expect(share?.others).toEqual({ 'f:spec': { 'f:containers': { 'k:{"name":"web"}': { 'f:tty': {} } } } });
  });

  it('leaves no entry if that manager owns nothing else', () => {
    const [share] = sharedOwnership(liveWith(entry('velero', fields)), desired, allowed);
    expect(share?.others).toBeUndefined();
  });

  it('is none of a field that we do not own, or do not desire any more', () => {
    expect(sharedOwnership(liveWith(entry('x', { 'f:spec': { 'f:paused': {} } })), desired, allowed)).toEqual([]);
    const replicas = entry('x', { 'f:spec': { 'f:replicas': {} } });
    const without = objectOf('Thing', { spec: {} });
    expect(sharedOwnership(liveWith(replicas), without, allowed)).toEqual([]);
  });

  it('is none of a subresource or of an allowed writer', () => {
    const replicas = { 'f:spec': { 'f:replicas': {} } };
    const scaled = entry('scaler', replicas, { subresource: 'scale' });
    expect(sharedOwnership(liveWith(scaled, entry('kube-controller-manager', replicas)), desired, allowed)).toEqual([]);
  });

  it('has the same signature until the managers or their fields change', () => {
    const of = (...entries: ManagedFields[]) => sharingSignature(liveWith(...entries), allowed);
    const replicas = entry('x', { 'f:spec': { 'f:replicas': {} } });
    expect(of()).toBeUndefined();
    expect(of(entry('x', { 'f:spec': { 'f:paused': {} } }))).toBeUndefined();
    expect(of(replicas)).toBe(of(replicas));
    expect(of(replicas)).not.toBe(of(entry('y', { 'f:spec': { 'f:replicas': {} } })));
  });
});

describe('the fields of a live object that differ from the desired one', () => {
  it('are changed fields that we own, and what it lacks although we own nothing there any more', () => {
    const live = objectOf(
      'Thing',
      { spec: { ...spec, replicas: 5 } },
      { managedFields: [ours({ 'f:spec': { 'f:replicas': {} } })] },
    );
    expect(differingPaths(desired, live).map(printPath)).toEqual(['spec.replicas', 'metadata.labels.app']);
    expect(differingPaths(desired, liveWith())).toEqual([]);
  });
});
