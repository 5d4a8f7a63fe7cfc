import { execFile } from 'node:child_process';
import { isAbsolute, resolve } from 'node:path';
import { promisify } from 'node:util';
import { mapAt, textOf } from '@runos/kube-objects';
import type { ClusterAccess } from './cluster-access.js';

/** The `exec` part of a kubeconfig user: a program that prints credentials, as cloud providers do it. */
export interface ExecPlugin {
  readonly apiVersion?: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
}

/** A program that asks a person would hang: it gets this long. */
const programTimeoutMs = 60_000;

/** Renewed this long before the program said that it ends. */
const marginMs = 30_000;

/** Runs the program, once per lifetime of what it prints. Client certificates are taken from its first answer. */
export async function execCredentials(plugin: ExecPlugin, folder: string): Promise<Partial<ClusterAccess>> {
  let status = await run(plugin, folder);
  let stale = false;
  return {
    clientCertificate: textOf(status['clientCertificateData']),
    clientKey: textOf(status['clientKeyData']),
    async authorization() {
      const ends = Date.parse(textOf(status['expirationTimestamp']) ?? '');
      if (stale || Date.now() > ends - marginMs) status = await run(plugin, folder);
      stale = false;
      const token = textOf(status['token']);
      return token ? `Bearer ${token}` : undefined;
    },
    refused() {
      stale = true;
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
    timeout: programTimeoutMs,
  });
  return mapAt(JSON.parse(stdout), 'status');
}
