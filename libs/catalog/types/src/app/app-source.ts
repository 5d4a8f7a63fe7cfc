import { documentation } from '@runos/catalog-model';
import { z } from 'zod';
import { VariableValue } from './variable-value.js';

const maxBuildArgs = 100;

const sourcePath = (description: string) =>
  z
    .string()
    .max(1024)
    .regex(/^\P{Cc}*$/u, 'must have no control characters')
    .register(documentation, { description: `${description} It has no effect on the pods. Default: none.` });

const BuildArgs = z
  .record(
    z
      .string()
      .max(253)
      .regex(/^[A-Za-z_]\w*$/, 'must be a letter or _, then letters, digits and _'),
    VariableValue.max(4096),
  )
  .refine((args) => Object.keys(args).length <= maxBuildArgs, `must have at most ${maxBuildArgs} arguments`)
  .register(documentation, {
    description: 'Arguments of the build by their names. They have no effect on the pods. Default: none.',
  });

/** Where the sources of an app are, and how they are built, for clients that build it. */
export const AppSource = z
  .strictObject({
    sourceDir: sourcePath('Folder of the sources, relative to the file of the app.'),
    dockerfile: sourcePath('Dockerfile, relative to that folder.'),
    configPath: sourcePath('Path of the file of the app in its repository.'),
    buildArgs: BuildArgs,
  })
  .partial();
export type AppSource = z.output<typeof AppSource>;

const isEmpty = (value: unknown): boolean =>
  value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);

/** The sources after a request: a field that it does not name is kept, and an empty one is removed. */
export function resolveAppSource(fields: Readonly<Record<string, unknown>>, current: AppSource): AppSource {
  const named = Object.keys(AppSource.shape).map((name) => [name, fields[name]] as const);
  const all = { ...current, ...Object.fromEntries(named.filter(([, value]) => value !== undefined)) };
  return AppSource.parse(Object.fromEntries(Object.entries(all).filter(([, value]) => !isEmpty(value))));
}
