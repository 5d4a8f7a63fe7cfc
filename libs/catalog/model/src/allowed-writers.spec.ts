import { describe, expect, it } from '@jest/globals';
import { AllowedWriters, ClusterWriters } from './allowed-writers.js';

const scaler = { manager: 'autoscaler', kind: 'StatefulSet', fields: ['spec.replicas'] };
const issuesOf = (writer: object) => {
  const parsed = AllowedWriters.safeParse([{ ...scaler, ...writer }]);
  return parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
};

describe('allowed writers', () => {
  it.each([
    'spec.replicas',
    'spec.template.spec.containers[name=proxy]',
    'spec.template.spec.containers[].resources',
    'metadata.annotations["mesh.example.com/status"]',
    'metadata.labels["team"]',
    'data["valkey.conf"]',
  ])('may have %s', (field) => expect(issuesOf({ fields: [field] })).toEqual([]));

  it.each([
    ['spec replicas', /^0\.fields\.0: "spec replicas" is no field: write it as events print it/],
    ['status.replicas', /identifies the object, or is its status/],
    ['kind', /identifies the object/],
    ['metadata', /only labels and annotations can/],
    ['metadata.name', /only labels and annotations can/],
    ['metadata.labels', /name another label/],
    ['metadata.labels[]', /name another label/],
    ['metadata.labels["runos.com/osid"]', /name another label/],
    ['metadata.labels["runos.com/addon"]', /name another label/],
    ['metadata.labels["app.kubernetes.io/managed-by"]', /name another label/],
    ['metadata.labels["pod-security.kubernetes.io/enforce"]', /name another label/],
    ['metadata.labels["pod-security.kubernetes.io/enforce-version"]', /name another label/],
  ])('may not have %s', (field, words) => {
    expect(issuesOf({ fields: [field] })).toEqual([expect.stringMatching(words)]);
  });

  it('name a manager, a kind and a field, in limits', () => {
    expect(issuesOf({ manager: 'runos' })).toEqual([expect.stringContaining('the field manager of RunOS itself')]);
    expect(issuesOf({ manager: '' })).toEqual([expect.stringContaining('name of a field manager')]);
    expect(issuesOf({ kind: 'statefulsets' })).toEqual([expect.stringContaining('such as StatefulSet')]);
    expect(issuesOf({ fields: [] })).toHaveLength(1);
    expect(issuesOf({ other: 1 })).toHaveLength(1);
    expect(AllowedWriters.safeParse(Array.from({ length: 17 }, () => scaler)).success).toBe(false);
  });

  it('have at most 16 KiB as the list of a cluster', () => {
    const fields = Array.from({ length: 32 }, (_, n) => `spec.${`${'x'.repeat(60)}.`.repeat(3)}f${n}`);
    const long = Array.from({ length: 4 }, (_, n) => ({ ...scaler, manager: `mesh-${n}`, fields }));
    expect(ClusterWriters.safeParse(long).error?.issues).toEqual([
      expect.objectContaining({ path: [], message: expect.stringContaining('at most 16384') }),
    ]);
    expect(ClusterWriters.safeParse(long.slice(0, 2)).success).toBe(true);
    expect(AllowedWriters.safeParse(long).success).toBe(true);
  });
});
