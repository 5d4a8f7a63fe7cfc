import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NotOffered, serviceType } from '@runos/service-types';
import { addNewerRenderer } from '@runos/service-types/testing';
import { faultOr } from './fault-or.js';
import { pinnedTarget, refuseUnoffered, upgradeTarget } from './upgrade-target.js';

it('an upgrade is left to a build that has the current renderer and version', () => {
  const unavailable = expect.objectContaining({ code: 'unavailable' });
  for (const current of [
    { version: '8.1', rendererVersion: 9 },
    { version: '9.0', rendererVersion: 1 },
  ]) {
    expect(() => upgradeTarget(serviceType('valkey'), current)).toThrow(unavailable);
  }
});

it('only a version that no renderer has may be one of a newer build', () => {
  const valkey = serviceType('valkey');
  const newest = { images: { '9.0': { registry: 'docker.io', repository: 'valkey', tag: '9.0' } }, render: () => [] };
  const type = { ...valkey, versions: ['9.0'], renderers: { ...valkey.renderers, 2: newest } };
  const refusalOf = (version: string) => faultOr(() => refuseUnoffered(type, version));
  expect(refusalOf('9.0')).toBeUndefined();
  expect(refusalOf('8.1')).toMatchObject({ code: 'request.invalid' });
  expect(refusalOf('8.1')).not.toBeInstanceOf(NotOffered);
  expect(refusalOf('9.1')).toBeInstanceOf(NotOffered);
  expect(refusalOf('9.1')).toMatchObject({ code: 'request.invalid', named: { type: 'valkey', version: '9.1' } });
});

describe('a pinned target', () => {
  const type = serviceType('valkey');
  let added: (() => void)[] = [];
  beforeEach(() => {
    added = [addNewerRenderer('valkey', '9.0'), addNewerRenderer('valkey', '9.1')];
  });
  afterEach(() => added.toReversed().forEach((takeAway) => takeAway()));

  const spec = (version: string, rendererVersion: number) => ({ version, rendererVersion, kept: 'as it is' });
  const target = { version: '9.0', rendererVersion: 2 };

  it('is reached from an older spec, also when this build has a newer renderer', () => {
    expect(pinnedTarget(type, spec('8.1', 1), target)).toEqual(spec('9.0', 2));
  });

  it('lowers neither a renderer nor a version that is newer by now', () => {
    expect(pinnedTarget(type, spec('9.1', 3), target)).toEqual(spec('9.1', 3));
    expect(pinnedTarget(type, spec('8.1', 3), target)).toEqual(spec('9.0', 3));
  });

  it('is refused by a build that lacks it, or the current version', () => {
    const unavailable = expect.objectContaining({ code: 'unavailable' });
    expect(() => pinnedTarget(type, spec('8.1', 1), { version: '9.0', rendererVersion: 4 })).toThrow(unavailable);
    expect(() => pinnedTarget(type, spec('9.2', 3), target)).toThrow(unavailable);
  });
});
