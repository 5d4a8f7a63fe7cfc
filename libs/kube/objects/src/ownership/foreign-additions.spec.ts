import { describe, expect, it } from '@jest/globals';
import { entry, objectOf, ours } from '../../test/objects.js';
import type { FieldsV1, ManagedFields } from '../kube-object.js';
import { compileExclusive } from './exclusive-fields.js';
import { parseFieldPattern } from './field-pattern.js';
import { printPath } from './field-path.js';
import { foreignAdditions } from './foreign-additions.js';

const exclusive = compileExclusive([{ path: 'spec.containers[]' }, { path: 'spec.containers[].env[]' }]);
const container = (content: FieldsV1): FieldsV1 => ({ 'f:containers': { 'k:{"name":"web"}': content } });
const applied = ours({ 'f:spec': { ...container({ '.': {}, 'f:image': {} }), 'f:replicas': {} } });
const content = {
  spec: {
    replicas: 1,
    minReadySeconds: 7,
    affinity: { nodeAffinity: { x: 1 }, podAffinity: { y: 1 } },
    containers: [
      { name: 'web', image: 'a', env: [{ name: 'X' }], resources: { limits: { cpu: '1', memory: '1' } } },
      { name: 'b', image: 'b' },
    ],
  },
  status: { ready: true },
};
const annotations = { note: 'x', 'kubectl.kubernetes.io/restartedAt': 'now', empty: '' };

function added(fieldsV1: FieldsV1, more: Partial<ManagedFields> = {}): string[] {
  const { manager = 'other' } = more;
  const managedFields = [applied, entry(manager, fieldsV1, more)];
  const left = [parseFieldPattern('metadata.annotations["mesh.example.com/status"]')].filter(
    (one) => one !== undefined,
  );
  const labelled = {
    managedFields,
    annotations: { ...annotations, 'mesh.example.com/status': 'x' },
    labels: { a: 'b' },
  };
  const expected = { exclusive, isAllowed: (manager: string) => manager === 'controller', left };
  return foreignAdditions(objectOf('Thing', content, labelled), expected).flatMap(({ paths }) => paths.map(printPath));
}

describe('the additions of other managers', () => {
  it('are parts of which we own nothing, as one field each', () => {
    const affinity = { 'f:nodeAffinity': { 'f:x': {} }, 'f:podAffinity': { 'f:y': {} } };
    const limits = { 'f:resources': { 'f:limits': { 'f:cpu': {}, 'f:memory': {} } } };
    expect(added({ 'f:spec': { 'f:affinity': affinity, 'f:minReadySeconds': {}, ...container(limits) } })).toEqual([
      'spec.affinity',
      'spec.minReadySeconds',
      'spec.containers[name=web].resources',
    ]);
    expect(added({ 'f:metadata': { 'f:annotations': { 'f:note': {} }, 'f:labels': { '.': {}, 'f:a': {} } } })).toEqual([
      'metadata.annotations.note',
      'metadata.labels.a',
    ]);
  });

  it('are not our fields, items of exclusive fields, values that are not there, or the status', () => {
    expect(added({ 'f:spec': { 'f:replicas': {}, 'f:paused': {} }, 'f:status': { 'f:ready': {} } })).toEqual([]);
    expect(added({ 'f:spec': container({ 'f:env': { 'k:{"name":"X"}': { '.': {}, 'f:name': {} } } }) })).toEqual([]);
    const other = { 'f:containers': { 'k:{"name":"b"}': { '.': {}, 'f:name': {}, 'f:image': {} } } };
    expect(added({ 'f:spec': other })).toEqual([]);
  });

  it('are not those of Kubernetes, of expected managers and of writers that a user names', () => {
    const restarted = { 'f:metadata': { 'f:annotations': { 'f:kubectl.kubernetes.io/restartedAt': {} } } };
    expect(added(restarted)).toEqual([]);
    expect(added({ 'f:spec': { 'f:minReadySeconds': {} } }, { manager: 'controller' })).toEqual([]);
    expect(added({ 'f:spec': { 'f:minReadySeconds': {} } }, { subresource: 'scale' })).toEqual([]);
    expect(added({ 'f:metadata': { 'f:annotations': { 'f:mesh.example.com/status': {} } } })).toEqual([]);
  });
});
