import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { AppFields, AppSource, appTypeFields, resolveAppFields, resolveAppSource } from '@runos/service-types/fields';
import { resolveSize, type Size, type SizeRequest } from '@runos/sizing';
import type { ShownApp } from '../app-from-server.js';

type Json = Readonly<Record<string, unknown>>;
type Variables = Readonly<Record<string, string>>;

interface Override {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  /** Base64. */
  readonly data: string;
}

interface SecretFile {
  readonly filename: string;
  readonly mountPath: string;
  /** Base64. */
  readonly content: string;
}

interface State {
  readonly name: string;
  readonly fields: AppFields;
  readonly source: AppSource;
  readonly size: Size;
  readonly requires: ShownApp['requires'];
  readonly env: Variables;
  readonly secretEnv: Variables;
  readonly files: readonly SecretFile[];
  readonly overrides: readonly Override[];
}

/** A write that the server refuses. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const md5 = (base64: string): string => createHash('md5').update(Buffer.from(base64, 'base64')).digest('hex');
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The desired state of one app as the control plane keeps it: applies the requests of a sync, and shows what reads show. */
export class AppModel {
  readonly id = 'k3v9q';
  readonly cid = 'lab01';
  readonly aid = 'acme1';
  generation = 12;
  #ids = 0;
  #state: State = {
    name: 'shop',
    fields: AppFields.parse({
      image: 'ghcr.io/acme/shop:1.4',
      servicePortMappings: [
        { port: 8080, domains: ['shop.example.net'] },
        { port: 9090, standardHttps: false },
      ],
      healthCheck: 'standard',
      healthCheckPort: 8080,
      healthCheckPath: '/up',
      metricsPort: 9090,
      metricsPath: '/metrics',
      deploymentStrategy: 'recreate',
      nodeAffinityTags: ['ssd', 'zone:a'],
    }),
    source: { buildArgs: { A: '1' } },
    size: sizeOf({ resourceRequirementClassId: 'app.sl1.small' }),
    requires: { db: { id: 'p7x2m', type: 'postgresql', config: {}, env: { url: 'DATABASE_URL' } } },
    env: { LOG_LEVEL: 'info', MODE: 'fast' },
    secretEnv: { API_KEY: 'key-one', OTHER: 'two' },
    files: [{ filename: 'ca.pem', mountPath: '/etc/ca.pem', content: base64('certificate') }],
    overrides: [{ id: 'o-0', name: 'probe', enabled: true, data: base64('spec: {}\n') }],
  };

  /** The plain variables. */
  get env(): Variables {
    return this.#state.env;
  }

  /** Without those of links. */
  get secretEnv(): Variables {
    return this.#state.secretEnv;
  }

  /** The files of secrets and the overrides, by their base64. */
  get contents(): readonly string[] {
    const { files, overrides } = this.#state;
    return [...files.map(({ content }) => content), ...overrides.map(({ data }) => data)];
  }

  /** What a client knows from all reads together. */
  get shown(): ShownApp {
    const { requires, env, secretEnv, files, overrides } = this.#state;
    return {
      aid: this.aid,
      cid: this.cid,
      app: this.#shownApp(),
      requires,
      secretFiles: files.map(({ content, ...file }) => ({ ...file, md5: md5(content) })),
      overrides: overrides.map(({ data, ...override }) => ({ ...override, md5: md5(data) })),
      hasEnv: Object.keys(env).length > 0,
      hasSecretEnv: Object.keys(secretEnv).length > 0,
    };
  }

  /** The body of a read. @param path from that of the app on; undefined: there is no such read */
  get(path: string): Json | undefined {
    const { env, secretEnv, files, overrides, requires } = this.#state;
    const linked = Object.values(requires).flatMap((link) => Object.values((link['env'] ?? {}) as Variables));
    const bodies: Readonly<Record<string, Json>> = {
      '': this.#shownApp(),
      '/env-vars': { envVars: env },
      '/secret-env-vars': {
        envVars: { ...secretEnv, ...Object.fromEntries(linked.map((each) => [each, 'of a link'])) },
      },
      '/requires': requires,
      '/secret-files': { files: this.shown.secretFiles },
      '/overrides': { overrides },
      '/revisions': {
        revisions: [{ generation: this.generation, changedBy: 'ada@example.com' }],
      },
      ...Object.fromEntries(files.map((file) => [`/secret-files/${file.filename}`, file])),
    };
    return bodies[path];
  }

  #shownApp() {
    const { name, fields, source, size } = this.#state;
    return { id: this.id, name, deployType: 'image', ...fields, ...source, ...size, generation: this.generation };
  }

  /** The answer of a write, without its job: that depends on the program that serves it. @throws Refusal */
  write(method: string, path: string, body: Json): Json {
    const before = this.#state;
    const answer = this.#apply(method, path, body);
    if (isDeepStrictEqual(before, this.#state)) return { osid: `app-${this.id}`, noOp: true, message: 'Unchanged.' };
    this.generation += 1;
    return answer;
  }

  #apply(method: string, path: string, body: Json): Json {
    const [, part = '', id] = path.split('/');
    if (method === 'PATCH' && path === '') this.#update(body);
    else if (part === 'overrides') return this.#changeOverride(method, id, body);
    else if (method !== 'POST') throw new Refusal(404, `There is no ${method} ${path}.`);
    else if (part === 'env-vars') this.#change({ envVars: body['envVars'] }, body['allowDrop'] === true);
    else if (part === 'secret-env-vars') this.#change({ secretEnvVars: body['envVars'], allowDrop: body['allowDrop'] });
    else if (part === 'secrets' || part === 'secret-files') this.#change(body, true);
    else throw new Refusal(404, `There is no ${method} ${path}.`);
    return {};
  }

  #update(body: Json): void {
    const parsed = appTypeFields.inputs.update.safeParse(body);
    if (!parsed.success) throw new Refusal(400, parsed.error.message);
    const given = parsed.data as Json;
    const { name, fields, source, size, requires } = this.#state;
    this.#state = {
      ...this.#state,
      name: (given['name'] ?? name) as string,
      fields: resolveAppFields(given, fields, true),
      source: resolveAppSource(given, source),
      size: sizeOf(given as SizeRequest, size),
      requires: (given['requires'] ?? requires) as State['requires'],
    };
  }

  #change(body: Json, allowsEmpty = false): void {
    const {
      envVars,
      secretEnvVars,
      allowDrop,
      add = [],
      remove = [],
    } = body as {
      readonly envVars?: Variables;
      readonly secretEnvVars?: Variables;
      readonly allowDrop?: boolean;
      readonly add?: readonly SecretFile[];
      readonly remove?: readonly string[];
    };
    const { env, secretEnv, files } = this.#state;
    const lost = Object.keys(secretEnv).filter((name) => secretEnvVars && !Object.hasOwn(secretEnvVars, name));
    if (lost.length > 0 && allowDrop !== true) throw new Refusal(400, 'secretEnvVars would be removed.');
    if (envVars && Object.keys(envVars).length === 0 && !allowsEmpty) throw new Refusal(400, 'envVars is empty.');
    const gone = new Set([...remove, ...add.map(({ filename }) => filename)]);
    this.#state = {
      ...this.#state,
      env: envVars ?? env,
      secretEnv: secretEnvVars ?? secretEnv,
      files: [...files.filter(({ filename }) => !gone.has(filename)), ...add],
    };
  }

  #changeOverride(method: string, id: string | undefined, body: Json): Json {
    const { overrides } = this.#state;
    if (id !== undefined && !overrides.some((each) => each.id === id)) throw new Refusal(404, `No override ${id}.`);
    const own = id ?? `o-${++this.#ids}`;
    const next = { id: own, ...body } as Override;
    const changed =
      method === 'DELETE'
        ? overrides.filter((each) => each.id !== id)
        : id === undefined
          ? [...overrides, next]
          : overrides.map((each) => (each.id === id ? next : each));
    this.#state = { ...this.#state, overrides: changed };
    return method === 'POST' ? { overrideId: own } : {};
  }
}

function sizeOf(request: SizeRequest, current?: Size): Size {
  const result = resolveSize(appTypeFields.sizing, request, { current, hasDistributedStorage: false });
  if (!result.ok) throw new Refusal(400, JSON.stringify(result.issues));
  return result.size;
}
