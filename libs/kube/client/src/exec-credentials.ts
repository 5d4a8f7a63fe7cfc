import { execFile } from 'node:child_process';
import { isAbsolute, resolve } from 'node:path';
import { promisify } from 'node:util';
import { mapAt, textOf } from '@runos/kube-objects';
import type { ClusterAccess } from './cluster-access.js';

/** The `exec` part of a kubeconfig user: a credential plugin, which prints an ExecCredential. */
export interface ExecPlugin {
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
export async function execCredentials(plugin: ExecPlugin, folder: string): Promise<Partial<ClusterAccess>> {
  let status = await run(plugin, folder);
  let unauthorized = false;
  return {
    clientCertificate: textOf(status['clientCertificateData']),
    clientKey: textOf(status['clientKeyData']),
    async authorization() {
      const expiresAt = Date.parse(textOf(status['expirationTimestamp']) ?? '');
      if (unauthorized || Date.now() > expiresAt - renewBeforeMs) status = await run(plugin, folder);
      unauthorized = false;
      const token = textOf(status['token']);
      return token ? `Bearer ${token}` : undefined;
    },
    onUnauthorized() {
      unauthorized = true;
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
