import { serviceTypes } from '@runos/service-types';
import type { z } from 'zod';
import { operation, pathParams } from '../operation/operation.js';
import { CatalogVersion, CommandCatalog, Toolsets } from './command-shapes.js';

const { ownAid: aid } = pathParams;

/** Every tool, because the catalog has commands of offered types only. */
export const toolsets: z.input<typeof Toolsets> = {
  scoped: false,
  serviceTypes: serviceTypes.map(({ type }) => type),
  virtInstalled: false,
  platformManagedTypes: [],
};

/** `auth.forbidden` for an account that is not the caller's, existing or not. */
export const showCatalogVersion = operation({
  id: 'cli.manifest-version',
  method: 'GET',
  path: '/:aid/cli/manifest-version',
  access: 'read',
  summary: 'Show the version of the command catalog for the role of the caller.',
  params: { aid },
  output: CatalogVersion,
  tagged: true,
  command: 'none',
});

/** As `showCatalogVersion`. It has the commands that the role of the caller allows. */
export const showCatalog = operation({
  id: 'cli.manifest',
  method: 'GET',
  path: '/:aid/cli/manifest',
  access: 'read',
  summary: 'Show the commands of the program `runos` for the role of the caller.',
  params: { aid },
  output: CommandCatalog,
  tagged: true,
  command: 'none',
});

export const showWholeCatalogVersion = operation({
  id: 'cli.whole-manifest-version',
  method: 'GET',
  path: '/cli/manifest-version',
  access: 'signed-in',
  summary: 'Show the version of the whole command catalog.',
  output: CatalogVersion,
  tagged: true,
  command: 'none',
});

/** By it, clients distinguish a command that the role does not allow from one that does not exist. */
export const showWholeCatalog = operation({
  id: 'cli.whole-manifest',
  method: 'GET',
  path: '/cli/manifest',
  access: 'signed-in',
  summary: 'Show the commands of the program `runos` for every role.',
  output: CommandCatalog,
  tagged: true,
  command: 'none',
});

export const showToolsets = operation({
  id: 'cli.toolsets',
  method: 'GET',
  path: '/:aid/cli/toolsets',
  access: 'read',
  summary: 'Show which tools a server of the Model Context Protocol may offer for the account.',
  params: { aid },
  output: Toolsets,
  command: 'none',
});
