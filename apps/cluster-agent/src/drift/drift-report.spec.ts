import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '@runos/kube-objects';
import { overwrittenStates } from './drift-report.js';

/** A state in which we own these keys of the data, and another manager the others. */
function stateWith(name: string, ...owned: string[]): KubeObject {
  const fieldsV1 = { 'f:data': Object.fromEntries(owned.map((key) => [`f:${key}`, {}])) };
  const managedFields = [{ manager: 'runos', operation: 'Apply', fieldsType: 'FieldsV1', fieldsV1 }];
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'b', managedFields } };
}

const taken = stateWith('taken', 'a');
const own = stateWith('own', 'a', 'b');

describe('the overwritten states', () => {
  it('are those after which we own more', () => {
    expect(overwrittenStates([taken], own)).toEqual([taken]);
    expect(overwrittenStates([taken, own, taken])).toEqual([taken, taken]);
  });

  it('are not those whose fields stay with others', () => {
    expect(overwrittenStates([taken], taken)).toEqual([]);
    expect(overwrittenStates([taken, taken], stateWith('more', 'a', 'c'))).toEqual([taken]);
    expect(overwrittenStates([own], taken)).toEqual([]);
  });
});
