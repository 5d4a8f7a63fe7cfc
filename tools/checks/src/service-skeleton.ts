import { basename } from 'node:path';

/** A process of `apps/`, with the names of its files relative to its folder. */
export interface AppFiles {
  readonly folder: string;
  readonly dependencies: readonly string[];
  readonly files: readonly string[];
}

const migration = /^src\/schema\/migrations\/(\d{4})-[a-z0-9-]+\.ts$/;
const schemaFile = /^src\/schema\/(migrations\/(index|\d{4}-[a-z0-9-]+)|retention-rules|[a-z0-9-]+-row)(\.spec)?\.ts$/;

/** What the files of an app lack of the skeleton, and what stands where the skeleton has another place. */
export function skeletonFaults({ folder, dependencies, files }: AppFiles): string[] {
  const isService = dependencies.includes('@nestjs/common');
  const hasSchema = dependencies.includes('@runos/persistence');
  const schema = ['src/migrate.ts', 'src/schema/migrations/index.ts'];
  const root = isService ? 'src/module.ts' : `src/${basename(folder)}.ts`;
  const required = ['src/main.ts', 'src/config.ts', root, ...(hasSchema ? schema : [])];
  const allowed = new Set([...required, 'src/index.ts']);
  const numbers = files.flatMap((name) => migration.exec(name)?.[1] ?? []).sort();
  return [
    ...required.filter((name) => !files.includes(name)).map((name) => `${folder} lacks ${name}`),
    ...(isService && !files.some((name) => name.startsWith('test/')) ? [`${folder} lacks test/`] : []),
    ...files
      .filter((name) => /^src\/[^/]+\.ts$/.test(name) && !allowed.has(name.replace('.spec.ts', '.ts')))
      .map((name) => `${folder}/${name} stands in no folder of a noun`),
    ...files
      .filter((name) => name.startsWith('src/schema/') && !(hasSchema && schemaFile.test(name)))
      .map((name) => `${folder}/${name} is no part of a schema`),
    ...numbers
      .filter((number, index) => Number(number) !== index + 1)
      .map((number) => `${folder}: migration ${number} does not follow the one before it`),
  ];
}
