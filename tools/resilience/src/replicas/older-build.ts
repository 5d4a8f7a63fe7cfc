import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as catalog from '@runos/service-types';

/** What the run of an upgrade must know of the build from which it starts. */
export interface OlderBuild {
  /** The names of its service types. */
  readonly types: readonly string[];
  /** It refuses a renderer that it lacks as unavailable; earlier builds fail with `internal`. */
  readonly refusesNewerRenderers: boolean;
}

/** Reads the catalog of a built checkout. */
export async function readOlderBuild(checkout: string): Promise<OlderBuild> {
  const module = pathToFileURL(join(checkout, 'node_modules/@runos/service-types/dist/index.js')).href;
  const { serviceTypes, renderInstance } = (await import(module)) as typeof catalog;
  return {
    types: serviceTypes.map(({ type }) => type),
    refusesNewerRenderers: serviceTypes.some((type) => {
      try {
        return renderInstance(type, Number.MAX_SAFE_INTEGER, { version: type.defaultVersion } as never) === undefined;
      } catch (error) {
        return (error as { code?: unknown }).code === 'unavailable';
      }
    }),
  };
}
