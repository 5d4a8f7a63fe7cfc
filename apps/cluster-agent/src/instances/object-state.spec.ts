import { describe, expect, it } from '@jest/globals';
import { historyOf, type ObjectState } from './object-state.js';

const state = (baseline?: ObjectState['baseline']): ObjectState => ({
  ...{ ref: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'a', name: 'a' }, wanted: 'new', baseline },
  ...{ ending: false, recreating: false },
});

describe('what an apply has to know of an object', () => {
  it('is that it was never made', () => {
    expect(historyOf(state())).toEqual({ first: true, created: false });
  });

  it('is that it was created, where the content is another now, whoever asks for the apply', () => {
    const created = { uid: 'u', hash: 'h', created: true };
    expect(historyOf(state({ ...created, wanted: 'old' }))).toEqual({ first: false, created: true });
    expect(historyOf(state({ ...created, wanted: 'new' }))).toEqual({ first: false, created: false });
  });

  it('is nothing of what was applied', () => {
    expect(historyOf(state({ uid: 'u', hash: 'h', wanted: 'old' }))).toEqual({ first: false, created: false });
  });
});
