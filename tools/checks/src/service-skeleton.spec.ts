import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectsIn } from './projects.js';
import { skeletonFaults } from './service-skeleton.js';
import { sourceFiles } from './source-files.js';

const root = resolve(import.meta.dirname, '../../..');

describe('the skeleton of a service', () => {
  it('is checked by what it lacks and by what stands elsewhere', () => {
    const faults = skeletonFaults({
      folder: 'apps/x',
      dependencies: ['@nestjs/common', '@runos/persistence'],
      files: [
        'src/main.ts',
        'src/settings.ts',
        'src/module.ts',
        'src/jobs/jobs.ts',
        'src/schema/jobs.ts',
        'src/schema/retention-rules.spec.ts',
        'src/schema/migrations/index.ts',
        'src/schema/migrations/0001-create-schema.ts',
        'src/schema/migrations/0003-add-jobs.ts',
      ],
    });
    expect(faults).toEqual([
      'apps/x lacks src/config.ts',
      'apps/x lacks src/migrate.ts',
      'apps/x lacks test/',
      'apps/x/src/settings.ts stands in no folder of a noun',
      'apps/x/src/schema/jobs.ts is no part of a schema',
      'apps/x: migration 0003 does not follow the one before it',
    ]);
    const agent = { folder: 'apps/y', dependencies: [], files: ['src/main.ts', 'src/config.ts', 'src/schema/z.ts'] };
    expect(skeletonFaults(agent)).toEqual(['apps/y lacks src/y.ts', 'apps/y/src/schema/z.ts is no part of a schema']);
  });

  it('is that of every app', () => {
    const names = sourceFiles(root).map(({ name }) => name);
    const apps = projectsIn(root).filter(({ folder }) => folder.startsWith('apps/'));
    expect(apps.length).toBeGreaterThan(5);
    const faults = apps.flatMap(({ folder, manifest }) =>
      skeletonFaults({
        folder,
        dependencies: Object.keys(manifest.dependencies ?? {}),
        files: names.filter((name) => name.startsWith(`${folder}/`)).map((name) => name.slice(folder.length + 1)),
      }),
    );
    expect(faults).toEqual([]);
  });
});
