import { generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '@runos/testing-process';

/** The users of the API server; only the first is for users and programs outside the cluster. */
const users = {
  admin: ['admin', 'system:masters'],
  controllerManager: ['system:kube-controller-manager', ''],
  scheduler: ['system:kube-scheduler', ''],
  kwok: ['kwok', 'system:masters'],
} as const;

export type UserName = keyof typeof users;
export type Tokens = Readonly<Record<UserName, string>>;

/** The token of every user, created once per cluster, and the token file of the API server. */
export function ensureTokens(dataDir: string): { tokens: Tokens; file: string } {
  const kept = join(dataDir, 'tokens.json');
  const names = Object.keys(users) as UserName[];
  if (!existsSync(kept)) {
    const fresh = Object.fromEntries(names.map((name) => [name, randomBytes(32).toString('base64url')]));
    writeFileAtomic(kept, JSON.stringify(fresh));
  }
  const tokens = JSON.parse(readFileSync(kept, 'utf8')) as Tokens;
  const file = join(dataDir, 'tokens.csv');
  const lines = names.map((name) => `${tokens[name]},${users[name][0]},${users[name][0]},"${users[name][1]}"`);
  writeFileAtomic(file, `${lines.join('\n')}\n`);
  return { tokens, file };
}

/** The key that signs service account tokens: created once, or a restart would invalidate every token. */
export function ensureServiceAccountKey(dataDir: string): string {
  const file = join(dataDir, 'sa.key');
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileAtomic(file, privateKey.export({ type: 'pkcs1', format: 'pem' }) as string);
  }
  return file;
}

/** The API server creates a certificate for a year when there is none; one that expires within a month is deleted. */
export function ensureCertFolder(dataDir: string): { folder: string; caFile: string } {
  const folder = join(dataDir, 'certs');
  const caFile = join(folder, 'apiserver.crt');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const monthMs = 30 * 24 * 3600 * 1000;
  if (existsSync(caFile) && Date.parse(new X509Certificate(readFileSync(caFile)).validTo) - Date.now() < monthMs) {
    rmSync(folder, { recursive: true });
    mkdirSync(folder, { mode: 0o700 });
  }
  return { folder, caFile };
}

/** Writes a kubeconfig (JSON, which is YAML) that contains the CA, so that it needs no other file. */
export function writeKubeconfig(path: string, { server, ca, token }: { server: string; ca: string; token: string }) {
  const name = 'runos';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  writeFileAtomic(path, JSON.stringify(config, null, 2));
}
