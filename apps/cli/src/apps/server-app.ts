import { createHash } from 'node:crypto';
import { type AppContent, appFromServer, type AppFile, linkedNames, type ShownApp } from '@runos/manifest';
import { CliError } from '../failure/cli-error.js';
import type { FilePlace } from '../files/file-place.js';
import type { ApiClient } from '../http/api-client.js';
import { generationIn } from '../http/generation.js';
import { RequestLimit } from '../http/request-limit.js';
import { type Document, isDocument } from '../output/document.js';

type Variables = Readonly<Record<string, string>>;

/** What the server has of an app. */
export interface ServerApp {
  readonly shown: ShownApp;
  readonly env: Variables;
  /** Without the variables that links set. */
  readonly secretEnv: Variables;
  /** The names of the variables that links set. */
  readonly linked: readonly string[];
  /** The bytes of each override, by its id. */
  readonly overrides: ReadonlyMap<string, Buffer>;
  /** Why the objects in the cluster differ from the desired state; undefined when they do not. */
  readonly clusterDrift?: string | undefined;
  /** Of the desired state; undefined when the server shows none. */
  readonly generation?: number | undefined;
}

/** Every change of an app during a read repeats it; after this many, the read fails. */
const maxReads = 4;

export const md5Of = (content: Buffer): string => createHash('md5').update(content).digest('hex');

/** Source: the number of requests that the control plane expects of one client. */
const maxRequests = 8;

/** Reads apps with a bounded number of requests at a time. */
export class AppReader {
  readonly #limit = new RequestLimit(maxRequests);

  constructor(private readonly client: ApiClient) {}

  /** The ids of all apps of a cluster, or of those with a name. @throws CliError */
  async ids(aid: string, cid: string, ofName?: string): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const query = new URLSearchParams(cursor === '' ? {} : { cursor });
      const body = await this.#get(`/${encodeURIComponent(aid)}/${encodeURIComponent(cid)}/apps`, query);
      const rows = listIn(body, 'apps') as readonly { readonly id?: unknown; readonly name?: unknown }[];
      ids.push(...rows.filter(({ name }) => ofName === undefined || name === ofName).map(({ id }) => String(id)));
      const next = isDocument(body) ? body['nextCursor'] : undefined;
      cursor = typeof next === 'string' && next !== '' ? next : undefined;
    }
    return ids;
  }

  /** @throws CliError when any part of it cannot be read */
  async read({ aid, cid, id }: FilePlace): Promise<ServerApp> {
    const { bodies, generation } = await this.#readParts(appPath({ aid, cid, id }));
    const [app, secretEnv, env, files, listed, requires] = bodies;
    if (!isDocument(app)) throw new CliError(`The server shows nothing of app ${id}.`);
    const overrides = (listIn(listed, 'overrides') as readonly ShownOverride[]).map(
      ({ id: own, name, enabled, data }) => ({
        id: own ?? '',
        name: name ?? '',
        enabled: enabled !== false,
        content: Buffer.from(data, 'base64'),
      }),
    );
    const [plain, secret] = [variablesIn(env), variablesIn(secretEnv)];
    const shown: ShownApp = {
      aid,
      cid,
      app: { ...app, id, name: String(app['name']) },
      requires: (isDocument(requires) ? requires : {}) as ShownApp['requires'],
      secretFiles: listIn(files, 'files') as ShownApp['secretFiles'],
      overrides: overrides.map(({ content, ...override }) => ({ ...override, md5: md5Of(content) })),
      hasEnv: Object.keys(plain).length > 0,
      hasSecretEnv: false,
    };
    const names = linkedNames(appFromServer(shown));
    const own = Object.entries(secret).filter(([name]) => !names.has(name));
    return {
      shown: { ...shown, hasSecretEnv: own.length > 0 },
      env: plain,
      secretEnv: Object.fromEntries(own),
      linked: Object.keys(secret).filter((name) => names.has(name)),
      overrides: new Map(overrides.map((override) => [override.id, override.content])),
      clusterDrift: driftIn(app),
      generation,
    };
  }

  /** @throws CliError */
  async secretFile(place: FilePlace, filename: string): Promise<Buffer> {
    const body = await this.#get(`${appPath(place)}/secret-files/${encodeURIComponent(filename)}`);
    const content = isDocument(body) ? body['content'] : undefined;
    if (typeof content !== 'string') throw new CliError(`The server shows no content of secret file ${filename}.`);
    return Buffer.from(content, 'base64');
  }

  /** All parts of one generation. @throws CliError when the app is changed during each read */
  async #readParts(path: string) {
    for (let reads = 1; ; reads += 1) {
      const answers = await Promise.all(
        ['', '/secret-env-vars', '/env-vars', '/secret-files', '/overrides', '/requires'].map((part) =>
          this.#send(`${path}${part}`),
        ),
      );
      const generations = new Set(answers.flatMap(({ headers }) => generationIn(headers) ?? []));
      const [generation] = generations;
      if (generations.size <= 1) return { bodies: answers.map(({ body }) => body), generation };
      if (reads === maxReads) throw new CliError('The app is changed all the time.', { remedy: 'try again' });
    }
  }

  #send = (path: string, query?: URLSearchParams) =>
    this.#limit.run(() => this.client.send({ method: 'GET', path, query }));

  async #get(path: string, query?: URLSearchParams): Promise<unknown> {
    return (await this.#send(path, query)).body;
  }
}

interface ShownOverride {
  readonly id?: string;
  readonly name?: string;
  readonly enabled?: boolean;
  readonly data: string;
}

/** The path of an app in the API. */
export const appPath = ({ aid, cid, id }: FilePlace): string =>
  `/${[aid, cid, 'apps', id].map(encodeURIComponent).join('/')}`;

/** The list of an answer, which older servers give without its envelope. */
function listIn(body: unknown, key: string): readonly unknown[] {
  const list = isDocument(body) ? body[key] : body;
  return Array.isArray(list) ? (list as readonly unknown[]) : [];
}

function variablesIn(body: unknown): Variables {
  const { envVars, ...others } = (isDocument(body) ? body : {}) as Document;
  return (isDocument(envVars) && Object.keys(others).length === 0 ? envVars : (body ?? {})) as Variables;
}

function driftIn({ conditions }: Document): string | undefined {
  const all = (Array.isArray(conditions) ? conditions : []) as readonly Document[];
  const drifted = all.find(({ type, status }) => type === 'Drifted' && status === 'True');
  return drifted && String(drifted['message']);
}

/** What the server has, as the content of a file. */
export const serverContent = (server: ServerApp, file: AppFile): AppContent => ({
  file,
  env: server.env,
  secretEnv: server.secretEnv,
  size: server.shown.app,
  md5s: Object.fromEntries(
    [...(file.secretFiles ?? []), ...(file.overrides ?? [])].map(({ local, md5 = '' }) => [local, md5]),
  ),
});
