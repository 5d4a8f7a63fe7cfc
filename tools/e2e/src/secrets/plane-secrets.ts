import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyringSettings } from '@runos/security';
import { type PlaneInfo, readDataFile, withSql } from '../plane-data.js';
import { valueAt } from '../value-at.js';
import { PlaneClient } from '../plane-client.js';
import { issuedTo, sealedBefore, readSealedSecrets } from './response-recorder.js';
import type { Secret } from './search.js';

interface SecretsFile {
  readonly passwords: Readonly<Record<string, string>>;
  readonly keyrings: Readonly<Record<string, string>>;
}

/** Every secret of a running plane: configured, generated, and issued to clients. */
export async function planeSecrets(data: string, dev: PlaneInfo): Promise<Secret[]> {
  const file = await readDataFile<SecretsFile>(data, 'secrets.json');
  const { token: controlToken } = await readDataFile<{ token: string }>(data, 'control.json');
  const named = (kind: string, values: Readonly<Record<string, string>>): Secret[] =>
    Object.entries(values).map(([name, value]) => ({ name: `${kind} of ${name}`, value }));
  const keys = Object.fromEntries(
    Object.entries(file.keyrings).map(([name, entry]) => [name, entry.replace(/^first:/, '')]),
  );
  return [
    ...named('password', file.passwords),
    ...named('key', keys),
    { name: 'password of the database', value: readFileSync(join(data, 'postgres', 'password'), 'utf8').trim() },
    { name: 'token of the control server', value: controlToken },
    { name: 'password of the owner', value: dev.password },
    { name: 'token of the owner', value: dev.token },
    ...(await sealedSecrets(data, dev.databaseUrl, file)),
    ...agentFiles(data),
    ...(dev.clusterReady ? await clusterAgentKey(data) : []),
    ...issuedTo(data),
  ];
}

/**
 * The secrets that services encrypt at rest: passwords of registries and of instances, including deleted ones, and the
 * keys of the certificate authorities for agents.
 */
const sealedSecrets = (data: string, databaseUrl: string, { keyrings }: SecretsFile): Promise<Secret[]> =>
  withSql(databaseUrl, async (sql) => {
    const keyringOf = (service: string) => keyringSettings.keyring.parse(keyrings[service]);
    const [reconciler, agentGateway] = [keyringOf('reconciler'), keyringOf('agent-gateway')];
    const deleted = sealedBefore(data);
    const instances = [
      ...deleted,
      ...(await readSealedSecrets(
        sql,
        deleted.map(({ osid }) => osid),
      )),
    ];
    const authorities = await sql.query<{ name: string; sealed: string }>(
      'SELECT name, sealed_key AS sealed FROM agent_gateway.authority',
    );
    const registries = await sql.query<{ aid: string; id: string; sealed: string }>(
      'SELECT aid, registry_id AS id, password_sealed AS sealed FROM reconciler.registry_credential',
    );
    return [
      ...registries.rows.map(({ aid, id, sealed }) => ({
        name: `password of registry ${id}`,
        value: reconciler.unseal(sealed, `registry/${aid}/${id}`),
      })),
      ...instances.flatMap(({ osid, sealed }) => {
        const secrets = JSON.parse(reconciler.unseal(sealed, `instance/${osid}`)) as Record<string, string>;
        return Object.entries(secrets).map(([name, value]) => ({ name: `${name} of ${osid}`, value }));
      }),
      ...authorities.rows.map(({ name, sealed }) =>
        keySecret(`authority ${name}`, agentGateway.unseal(sealed, `authority/${name}`)),
      ),
    ];
  });

/** The secrets of the demo's agents: keys of nodes, and the cluster agent's access to Kubernetes. */
function agentFiles(data: string): Secret[] {
  const keys = readdirSync(data)
    .map((name) => ({ name, file: join(data, name, 'tls.key') }))
    .filter(({ file }) => existsSync(file))
    .map(({ name, file }) => keySecret(name, readFileSync(file, 'utf8')));
  const token = join(data, 'cluster-agent', 'token');
  return existsSync(token)
    ? [...keys, { name: 'access of the cluster agent', value: readFileSync(token, 'utf8').trim() }]
    : keys;
}

async function clusterAgentKey(data: string): Promise<Secret[]> {
  const { kubectl } = await PlaneClient.connect(data);
  const key = valueAt(await kubectl.get('secret', 'cluster-agent-tls', 'runos'), 'data', 'tls.key');
  return [keySecret('cluster agent', Buffer.from(String(key), 'base64').toString('utf8'))];
}

/** The second line of a key in PEM: the first begins like every key of its kind. */
const keySecret = (name: string, pem: string): Secret => {
  const [, , line = ''] = pem.split('\n');
  if (line.length < 32) throw new Error(`the key of ${name} is not in PEM`);
  return { name: `key of ${name}`, value: line };
};
