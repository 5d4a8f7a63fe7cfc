import { describe, expect, it } from '@jest/globals';
import { propertySeed } from '@runos/testing-basics';
import fc from 'fast-check';
import { ClassId, classesOf, defaultClassId, findClass, sizeIds, tierIds, tiers } from './index.js';
import { sizings } from '../test/sizings.js';

fc.configureGlobal({ seed: propertySeed() });

const segment = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const service = fc
  .tuple(fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/), fc.array(segment, { maxLength: 3 }))
  .map(([first, more]) => [first, ...more].join('-'));

describe('class id', () => {
  it('parses what it printed, over the whole grammar', () => {
    fc.assert(
      fc.property(service, fc.constantFrom(...tierIds), fc.constantFrom(...sizeIds), (service, tier, size) => {
        const parts = { service, tier, size };
        expect(ClassId.parse(ClassId.print(parts))).toEqual(parts);
      }),
    );
  });

  it('accepts only what it would print identically', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string(), fc.stringMatching(/^[a-z.-]{0,30}$/)), (raw) => {
        const parts = ClassId.parse(raw);
        if (parts) expect(ClassId.print(parts)).toBe(raw);
      }),
    );
  });

  it.each(['custom', '', 'postgresql', 'postgresql.c0', 'postgresql.c9.beff', 'postgresql.c0.huge', 'a.b.c0.beff'])(
    'rejects %j',
    (raw) => expect(ClassId.parse(raw)).toBeUndefined(),
  );

  it('rejects names of object members as tiers or sizes', () => {
    expect(ClassId.parse('postgresql.constructor.beff')).toBeUndefined();
    expect(ClassId.parse('postgresql.c0.toString')).toBeUndefined();
  });
});

describe('tiers and classes', () => {
  it('have the replicas and storage of their definition', () => {
    const described = tierIds.map((id) => `${id} ${tiers[id].replicas} ${tiers[id].storage}`);
    expect(described).toEqual([
      'c0 1 local',
      'c1 1 distributed',
      'c2 2 local',
      'c3 2 distributed',
      'c4 3 distributed',
      'sl1 1 none',
      'sl2 2 none',
      'sl3 3 none',
    ]);
  });

  it('offer every tier of postgresql and two of valkey in all sizes', () => {
    expect(classesOf(sizings.postgresql)).toHaveLength(20);
    expect(classesOf(sizings.valkey).map((offered) => offered.id)).toEqual(
      ['c0', 'c1'].flatMap((tier) => sizeIds.map((size) => `valkey.${tier}.${size}`)),
    );
    expect(classesOf(sizings.app)).toHaveLength(12);
  });

  it('contain their numbers', () => {
    expect(findClass(sizings.postgresql, 'postgresql.c3.small')).toEqual({
      id: 'postgresql.c3.small',
      replicas: 2,
      cpuRequestMc: 500,
      cpuLimitMc: 1000,
      memoryRequestMb: 1024,
      memoryLimitMb: 2048,
      storageMb: 20_480,
      storage: 'distributed',
    });
    expect(findClass(sizings.traefik, 'traefik.c0.beff')).toMatchObject({ storageMb: null, storage: 'none' });
    expect(findClass(sizings.valkey, 'valkey.c2.beff')).toBeUndefined();
    expect(findClass(sizings.valkey, 'postgresql.c0.beff')).toBeUndefined();
    expect(findClass(sizings['cert-manager'], 'cert-manager.c0.large')).toBeUndefined();
  });

  it.each(Object.values(sizings))('of $service have limits above their requests, and a default', (sizing) => {
    for (const offered of classesOf(sizing)) {
      expect(offered.cpuLimitMc).toBeGreaterThanOrEqual(Math.max(offered.cpuRequestMc, 1));
      expect(offered.memoryLimitMb).toBeGreaterThanOrEqual(Math.max(offered.memoryRequestMb, 1));
      expect(offered.cpuRequestMc === 0 && offered.memoryRequestMb === 0).toBe(offered.id.endsWith('.beff'));
    }
    expect(findClass(sizing, defaultClassId(sizing))).toBeDefined();
  });
});
