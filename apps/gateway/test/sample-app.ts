import type { Service } from '@runos/api';
import type { z } from 'zod';

const secretFile = { filename: 'ca.pem', mountPath: '/etc/ssl/ca.pem', md5: 'b95f67f61ebb03619622d798f45fc2d3' };

const versioned = (body: object) => ({ generation: 7, body });

/** The replies of the reconciler about one app. It has what instances of both kinds have as this service has it. */
export function appRepliesOf(service: z.input<typeof Service>, jobId: string): Readonly<Record<string, unknown>> {
  const { version: _version, storageMb: _storage, ...common } = service;
  const app = {
    ...common,
    osid: 'app-abcde',
    kind: 'app',
    type: 'app',
    name: 'shop',
    resourceRequirementClassId: 'app.sl1.beff',
    deployType: 'image',
    port: 8080,
    image: 'ghcr.io/acme/shop:1.4',
    servicePortMappings: [{ port: 8080, standardHttps: true, domains: [] }],
  };
  return {
    'reconciler.v1.app-list': { apps: [], nextCursor: null },
    'reconciler.v1.app-show': app,
    'reconciler.v1.app-links': versioned({
      db: { id: 'p7x2m', type: 'postgresql', config: {}, env: { url: 'DATABASE_URL' } },
    }),
    'reconciler.v1.instance-dependencies': { dependencies: [] },
    'reconciler.v1.instance-dependents': { dependents: [] },
    'reconciler.v1.app-variables': versioned({ envVars: { MODE: 'fast' } }),
    'reconciler.v1.app-secret-variables': versioned({ envVars: { TOKEN: 'secret' } }),
    'reconciler.v1.app-secret-files': versioned({ files: [secretFile] }),
    'reconciler.v1.app-secret-file': versioned({ ...secretFile, content: 'AAEC' }),
    'reconciler.v1.app-environment-change': { jobId },
  };
}
