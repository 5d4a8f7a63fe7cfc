import { createHash } from 'node:crypto';
import { answer, type FakeGateway } from './fake-gateway.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
/** In hexadecimal. */
export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** What the server has of an app; a spec may change it. */
export const sampleApp = (id = 'k3v9q') => ({
  app: {
    id,
    name: 'shop',
    deployType: 'image',
    image: 'ghcr.io/acme/shop:1.4',
    resourceRequirementClassId: 'app.sl1.small',
    replicas: 2,
    cpuRequestMc: 100,
    cpuLimitMc: 200,
    memoryRequestMb: 128,
    memoryLimitMb: 256,
    servicePortMappings: [{ port: 8080, standardHttps: true, domains: [] as object[] }],
    conditions: [] as object[],
    generation: 12,
  } as Record<string, unknown>,
  env: { LOG_LEVEL: 'info' } as Record<string, string>,
  secretEnv: { API_KEY: 'key-one', DATABASE_URL: 'postgresql://injected' } as Record<string, string>,
  files: { 'ca.pem': 'certificate' } as Record<string, string>,
  overrides: { 'o-1': 'spec: {}\n' } as Record<string, string>,
  requires: { db: { id: 'p7x2m', type: 'postgresql', config: {}, env: { url: 'DATABASE_URL' } } } as object,
});

export type SampleApp = ReturnType<typeof sampleApp>;

/** Lets the gateway answer what a pull reads of these apps. */
export function serveApps(gateway: FakeGateway, apps: readonly SampleApp[]): void {
  const rows = apps.map(({ app }) => ({ id: app['id'], name: app['name'] }));
  const half = Math.ceil(rows.length / 2);
  gateway.reply('GET /acme1/lab01/apps', ({ url }, response) =>
    answer(
      response,
      200,
      url.includes('cursor=')
        ? { apps: rows.slice(half) }
        : { apps: rows.slice(0, half), ...(rows.length > half && { nextCursor: 'next' }) },
    ),
  );
  for (const state of apps) {
    const path = `GET /acme1/lab01/apps/${String(state.app['id'])}`;
    const get = (part: string, body: () => object) =>
      gateway.reply(`${path}${part}`, (_request, response) => answer(response, 200, body()));
    get('', () => state.app);
    get('/env-vars', () => ({ envVars: state.env }));
    get('/secret-env-vars', () => ({ envVars: state.secretEnv }));
    get('/requires', () => state.requires);
    get('/secret-files', () => ({
      files: Object.entries(state.files).map(([filename, text]) => ({
        filename,
        mountPath: `/etc/${filename}`,
        md5: md5(text),
      })),
    }));
    for (const filename of Object.keys(state.files))
      get(`/secret-files/${filename}`, () => ({ filename, content: base64(state.files[filename] ?? '') }));
    get('/overrides', () => ({
      overrides: Object.entries(state.overrides).map(([id, text]) => ({
        id,
        name: 'Probe',
        enabled: true,
        data: base64(text),
      })),
    }));
  }
}
