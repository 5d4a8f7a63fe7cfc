import { describe, expect, it } from '@jest/globals';
import { propertySeed } from '@runos/testing-basics';
import fc from 'fast-check';
import { classesOf, resourceNumberNames, resolveSize, type Size, type SizeResult, type SizeRequest } from './index.js';
import { sizings } from '../test/sizings.js';

fc.configureGlobal({ seed: propertySeed() });

const { postgresql, valkey, app } = sizings;
const context = { hasDistributedStorage: true };

function sized(result: SizeResult): Size {
  if (!result.ok) throw new Error(JSON.stringify(result));
  return result.size;
}
const rejection = (result: SizeResult) => {
  if (result.ok) throw new Error(`accepted: ${JSON.stringify(result)}`);
  return { code: result.code, paths: result.issues.map((issue) => issue.path), text: JSON.stringify(result.issues) };
};
const create = (request: SizeRequest) => sized(resolveSize(postgresql, request, context));
const change = (current: Size, request: SizeRequest) =>
  sized(resolveSize(postgresql, request, { ...context, current }));

describe('a new size', () => {
  it('defaults to the best-effort class', () => {
    expect(create({})).toEqual({
      resourceRequirementClassId: 'postgresql.c0.beff',
      replicas: 1,
      cpuRequestMc: 0,
      cpuLimitMc: 1000,
      memoryRequestMb: 0,
      memoryLimitMb: 2048,
      storageMb: 10_240,
      storage: 'local',
    });
    expect(sized(resolveSize(app, {}, context))).toMatchObject({ resourceRequirementClassId: 'app.sl1.beff' });
  });

  it('flips to custom, with a hint, for one differing number; storage never flips it', () => {
    const result = resolveSize(postgresql, { cpuLimitMc: 1500, storageMb: 4096 }, context);
    expect(result).toMatchObject({
      ok: true,
      size: { resourceRequirementClassId: 'custom', cpuLimitMc: 1500, memoryLimitMb: 2048, storageMb: 4096 },
      rrcFlipHint: expect.stringMatching(/postgresql\.c0\.beff.*cpuLimitMc 1500 instead of 1000/),
    });
    const equal = resolveSize(postgresql, { cpuLimitMc: 1000, storageMb: 4096 }, context);
    expect(equal).not.toHaveProperty('rrcFlipHint');
    expect(sized(equal)).toMatchObject({ resourceRequirementClassId: 'postgresql.c0.beff', storageMb: 4096 });
  });

  it('may be custom at creation with all five numbers', () => {
    const five = { replicas: 3, cpuRequestMc: 100, cpuLimitMc: 200, memoryRequestMb: 256, memoryLimitMb: 512 };
    expect(create({ resourceRequirementClassId: 'custom', ...five })).toMatchObject({
      resourceRequirementClassId: 'custom',
      storageMb: 10_240,
      storage: 'local',
      ...five,
    });
    const partial = rejection(resolveSize(postgresql, { resourceRequirementClassId: 'custom', replicas: 2 }, context));
    expect(partial).toMatchObject({
      code: 'sizing.invalid',
      paths: ['cpuRequestMc', 'cpuLimitMc', 'memoryRequestMb', 'memoryLimitMb'],
    });
  });

  it('on distributed storage needs a cluster with a distributed storage class', () => {
    const request = { resourceRequirementClassId: 'postgresql.c1.small' };
    expect(create(request)).toMatchObject({ storage: 'distributed' });
    expect(rejection(resolveSize(postgresql, request, { hasDistributedStorage: false }))).toMatchObject({
      code: 'sizing.invalid',
      paths: ['resourceRequirementClassId'],
      text: expect.stringMatching(/postgresql\.c1\.small.*distributedStorageClass/),
    });
  });
});

describe('a change of size', () => {
  it('keeps absent fields, and storage at a change of class', () => {
    const before = create({ storageMb: 30_000 });
    expect(change(before, {})).toEqual(before);
    expect(change(before, { resourceRequirementClassId: 'postgresql.c2.medium' })).toMatchObject({
      resourceRequirementClassId: 'postgresql.c2.medium',
      replicas: 2,
      cpuLimitMc: 2000,
      storageMb: 30_000,
    });
  });

  it('flips to custom, stays custom, and leaves custom when a class is named', () => {
    const flipped = change(create({}), { replicas: 2 });
    expect(flipped).toMatchObject({ resourceRequirementClassId: 'custom', replicas: 2, cpuLimitMc: 1000 });
    const back = resolveSize(postgresql, { replicas: 1 }, { ...context, current: flipped });
    expect(back).toMatchObject({ size: { resourceRequirementClassId: 'custom', replicas: 1 } });
    expect(back).not.toHaveProperty('rrcFlipHint');
    expect(change(flipped, { resourceRequirementClassId: 'postgresql.c0.small' })).toMatchObject({
      resourceRequirementClassId: 'postgresql.c0.small',
      replicas: 1,
      cpuRequestMc: 500,
    });
    expect(change(create({}), { resourceRequirementClassId: 'custom' })).toMatchObject({
      resourceRequirementClassId: 'custom',
      cpuLimitMc: 1000,
    });
  });

  it('lets the storage of postgresql only grow, and the storage of valkey not change', () => {
    const current = create({});
    expect(change(current, { storageMb: 20_000 })).toMatchObject({
      resourceRequirementClassId: 'postgresql.c0.beff',
      storageMb: 20_000,
    });
    expect(rejection(resolveSize(postgresql, { storageMb: 10_239 }, { ...context, current }))).toMatchObject({
      code: 'sizing.invalid',
      paths: ['storageMb'],
      text: expect.stringMatching(/10240 and cannot become 10239/),
    });
    const cache = sized(resolveSize(valkey, {}, context));
    expect(sized(resolveSize(valkey, { storageMb: 1024 }, { ...context, current: cache }))).toEqual(cache);
    for (const storageMb of [1023, 2048])
      expect(rejection(resolveSize(valkey, { storageMb }, { ...context, current: cache })).paths).toEqual([
        'storageMb',
      ]);
    expect(rejection(resolveSize(app, { storageMb: 5 }, context)).text).toMatch(/app has no storage/);
  });

  it('lets storage go back as far as its volumes have not grown', () => {
    const current = { ...create({ storageMb: 20_000 }), volumeCapacityMb: 10_240 };
    const back = { ...context, current };
    expect(sized(resolveSize(postgresql, { storageMb: 10_240 }, back)).storageMb).toBe(10_240);
    expect(sized(resolveSize(postgresql, { storageMb: 15_000 }, back)).storageMb).toBe(15_000);
    expect(rejection(resolveSize(postgresql, { storageMb: 10_239 }, back)).text).toMatch(
      /20000 and cannot become 10239: storage only grows, and a volume has 10240 MiB already/,
    );
    const unknown = { ...context, current: { ...current, volumeCapacityMb: null } };
    expect(rejection(resolveSize(postgresql, { storageMb: 19_999 }, unknown)).text).toMatch(/only grows/);
  });

  it('does not move data to another kind of storage', () => {
    const result = resolveSize(
      postgresql,
      { resourceRequirementClassId: 'postgresql.c1.small' },
      { ...context, current: create({}) },
    );
    expect(rejection(result).text).toMatch(/needs distributed storage.*is on local storage/);
  });
});

describe('rejections', () => {
  it('name an unknown class and the offered classes', () => {
    for (const id of ['postgresql.c9.beff', 'valkey.c0.beff', 'nonsense', 'constructor', ''])
      expect(rejection(resolveSize(postgresql, { resourceRequirementClassId: id }, context))).toMatchObject({
        code: 'class.unknown',
        paths: ['resourceRequirementClassId'],
        text: expect.stringContaining('postgresql.c4.large'),
      });
  });

  it('contain every issue', () => {
    const request = {
      replicas: 21,
      cpuRequestMc: -1,
      cpuLimitMc: 0,
      memoryRequestMb: 0.5,
      memoryLimitMb: 1e308,
      storageMb: 0,
    };
    expect(rejection(resolveSize(postgresql, request, context)).paths).toEqual(Object.keys(request));
    const unknown = rejection(resolveSize(postgresql, { resourceRequirementClassId: 'x', replicas: 0 }, context));
    expect(unknown).toMatchObject({ code: 'class.unknown', paths: ['resourceRequirementClassId', 'replicas'] });
    expect(
      rejection(resolveSize(postgresql, { replicas: NaN, memoryLimitMb: 1, memoryRequestMb: 2 }, context)).paths,
    ).toEqual(['replicas', 'memoryLimitMb']);
  });

  it('report a limit below its request at the requested field', () => {
    const request = { resourceRequirementClassId: 'postgresql.c0.small' };
    expect(rejection(resolveSize(postgresql, { ...request, cpuLimitMc: 499 }, context)).paths).toEqual(['cpuLimitMc']);
    expect(rejection(resolveSize(postgresql, { ...request, cpuRequestMc: 1001 }, context))).toMatchObject({
      paths: ['cpuRequestMc'],
      text: expect.stringContaining('cpuLimitMc 1000 is below cpuRequestMc 1001'),
    });
  });
});

describe('any request', () => {
  const number = fc.oneof(fc.integer({ min: -2, max: 40 }), fc.integer({ min: 0, max: 5000 }), fc.double());
  const request = fc.record(
    {
      resourceRequirementClassId: fc.constantFrom('custom', 'x', ...classesOf(postgresql).map((offered) => offered.id)),
      replicas: number,
      cpuRequestMc: number,
      cpuLimitMc: number,
      memoryRequestMb: number,
      memoryLimitMb: number,
      storageMb: number,
    },
    { requiredKeys: [] },
  );

  it('resolves to a valid size with the requested numbers, and is idempotent', () => {
    fc.assert(
      fc.property(request, request, (first, second) => {
        const created = resolveSize(postgresql, first, context);
        if (!created.ok) return expect(created.issues.length).toBeGreaterThan(0);
        const result = resolveSize(postgresql, second, { ...context, current: created.size });
        const { size } = result.ok ? result : created;
        expect(size).toMatchObject(
          result.ok ? { ...second, resourceRequirementClassId: size.resourceRequirementClassId } : {},
        );
        expect(size.cpuLimitMc).toBeGreaterThanOrEqual(Math.max(1, size.cpuRequestMc));
        expect(size.memoryLimitMb).toBeGreaterThanOrEqual(Math.max(1, size.memoryRequestMb));
        expect(size.storageMb).toBeGreaterThanOrEqual(Number(created.size.storageMb));
        const same = { ...size, storageMb: Number(size.storageMb) };
        expect(sized(resolveSize(postgresql, same, { ...context, current: size }))).toEqual(size);
        const offered = classesOf(postgresql).find(({ id }) => id === size.resourceRequirementClassId);
        expect(size.resourceRequirementClassId).toBe(offered?.id ?? 'custom');
        for (const name of offered ? resourceNumberNames : []) expect(size[name]).toBe(offered?.[name]);
      }),
      { numRuns: 2000 },
    );
  });
});
