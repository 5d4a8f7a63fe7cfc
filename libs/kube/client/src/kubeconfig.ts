import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { promisify } from 'node:util';
import { isMap, mapAt, mapsIn, textOf } from '@runos/kube-objects';
import { parse } from 'yaml';
import { bearer, type ClusterAccess, tokenFile } from './cluster-access.js';

type Entry = Readonly<Record<string, unknown>>;

/**
 * Reads the current or the given context of a kubeconfig file.
 * @throws Error that names the file, the missing part and the available entries.
 */
export async function readKubeconfig(path: string, context?: string): Promise<ClusterAccess> {
  const config: unknown = parse(await readFile(path, 'utf8'));
  if (!isMap(config)) throw new Error(`${path} is not a kubeconfig file: it is not a YAML map.`);
  const name = context ?? textOf(config['current-context']) ?? '';
  const selected = entryOf(config, 'contexts', name, path)['context'];
  const cluster = mapAt(entryOf(config, 'clusters', textOf(mapAt(selected)['cluster']) ?? '', path), 'cluster');
  const user = mapAt(entryOf(config, 'users', textOf(mapAt(selected)['user']) ?? '', path), 'user');
  const folder = dirname(resolve(path));
  const server = textOf(cluster['server']);
  if (!server) throw new Error(`${path}: the cluster of context "${name}" has no server.`);
  return {
    server: server.replace(/\/+$/, ''),
    ca: await dataOrFile(cluster, 'certificate-authority', folder),
    serverName: textOf(cluster['tls-server-name']),
    insecure: cluster['insecure-skip-tls-verify'] === true,
    clientCertificate: await dataOrFile(user, 'client-certificate', folder),
    clientKey: await dataOrFile(user, 'client-key', folder),
    ...(await credentialsOf(user, folder)),
  };
}

async function credentialsOf(user: Entry, folder: string): Promise<Partial<ClusterAccess>> {
  const token = textOf(user['token']);
  const file = textOf(user['tokenFile']);
  if (file) return tokenFile(resolve(folder, file));
  if (token) return bearer(token);
  if (isMap(user['exec'])) return execCredentials(user['exec'] as unknown as ExecPlugin, folder);
  return {};
}

/** `<key>-data` is base64; `<key>` is a path relative to the kubeconfig. */
async function dataOrFile(entry: Entry, key: string, folder: string): Promise<string | undefined> {
  const data = textOf(entry[`${key}-data`]);
  if (data) return Buffer.from(data, 'base64').toString('utf8');
  const file = textOf(entry[key]);
  return file ? readFile(resolve(folder, file), 'utf8') : undefined;
}

function entryOf(config: Entry, list: string, name: string, path: string): Entry {
  const entries = mapsIn(config[list]);
  const found = entries.find((entry) => entry['name'] === name);
  if (found) return found;
  const names = entries.map((entry) => String(entry['name'])).join(', ') || 'none';
  throw new Error(`${path} has no ${list.slice(0, -1)} "${name}"; it has: ${names}.`);
}

/** The `exec` part of a kubeconfig user: a credential plugin, which prints an ExecCredential. */
interface ExecPlugin {
  readonly apiVersion?: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
}

/** A plugin that waits for input would never end. */
const pluginTimeoutMs = 60_000;

/** The token is renewed this long before `expirationTimestamp`. */
const renewBeforeMs = 30_000;

/** Runs the plugin once per lifetime of its token. Client certificates come from its first run. */
async function execCredentials(plugin: ExecPlugin, folder: string): Promise<Partial<ClusterAccess>> {
  let status = await run(plugin, folder);
  let isUnauthorized = false;
  return {
    clientCertificate: textOf(status['clientCertificateData']),
    clientKey: textOf(status['clientKeyData']),
    async authorization() {
      const expiresAt = Date.parse(textOf(status['expirationTimestamp']) ?? '');
      if (isUnauthorized || Date.now() > expiresAt - renewBeforeMs) status = await run(plugin, folder);
      isUnauthorized = false;
      const token = textOf(status['token']);
      return token ? `Bearer ${token}` : undefined;
    },
    onUnauthorized() {
      isUnauthorized = true;
    },
  };
}

async function run(plugin: ExecPlugin, folder: string): Promise<Readonly<Record<string, unknown>>> {
  const { command, args, env } = plugin;
  const program = command.includes('/') && !isAbsolute(command) ? resolve(folder, command) : command;
  const added = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
  const info = { kind: 'ExecCredential', apiVersion: plugin.apiVersion, spec: { interactive: false } };
  const { stdout } = await promisify(execFile)(program, [...(args ?? [])], {
    env: { ...process.env, ...added, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    timeout: pluginTimeoutMs,
  });
  return mapAt(JSON.parse(stdout), 'status');
}
