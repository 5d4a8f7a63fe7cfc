import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyringSettings } from '@runos/security';
import { withSql } from '../database.js';
import { type Dev, kept } from '../dev.js';
import { at } from '../kubectl.js';
import { World } from '../world.js';
import { issuedTo, sealedBefore, sealedIn } from './answer-book.js';
import type { Secret } from './secrets-in.js';

interface Made {
  readonly passwords: Readonly<Record<string, string>>;
  readonly keyrings: Readonly<Record<string, string>>;
}

/** Every secret of a running plane: those it was made with, those it made since, and those it told its clients. */
export async function planeSecrets(data: string, dev: Dev): Promise<Secret[]> {
  const made = await kept<Made>(data, 'secrets.json');
  const { token: controlToken } = await kept<{ token: string }>(data, 'control.json');
  const named = (kind: string, values: Readonly<Record<string, string>>): Secret[] =>
    Object.entries(values).map(([name, value]) => ({ name: `${kind} of ${name}`, value }));
  const keys = Object.fromEntries(
    Object.entries(made.keyrings).map(([name, entry]) => [name, entry.replace(/^first:/, '')]),
  );
  return [
    ...named('password', made.passwords),
    ...named('key', keys),
    { name: 'password of the database', value: readFileSync(join(data, 'postgres', 'password'), 'utf8').trim() },
    { name: 'token of the control server', value: controlToken },
    { name: 'password of the owner', value: dev.password },
    { name: 'token of the owner', value: dev.token },
    ...(await sealedSecrets(data, dev.databaseUrl, made)),
    ...agentFiles(data),
    ...(dev.clusterReady ? await clusterAgentKey(data) : []),
    ...issuedTo(data),
  ];
}

/**
 * What services keep under their own key: passwords of instances, those that are gone among them, and the keys of the
 * authorities for agents.
 */
const sealedSecrets = (data: string, databaseUrl: string, { keyrings }: Made): Promise<Secret[]> =>
  withSql(databaseUrl, async (sql) => {
    const keyringOf = (service: string) => keyringSettings.keyring.parse(keyrings[service]);
    const [reconciler, agentGateway] = [keyringOf('reconciler'), keyringOf('agent-gateway')];
    const gone = sealedBefore(data);
    const instances = [
      ...gone,
      ...(await sealedIn(
        sql,
        gone.map(({ osid }) => osid),
      )),
    ];
    const authorities = await sql.query<{ name: string; sealed: string }>(
      'SELECT name, sealed_key AS sealed FROM agent_gateway.authority',
    );
    return [
      ...instances.flatMap(({ osid, sealed }) => {
        const secrets = JSON.parse(reconciler.open(sealed, `instance/${osid}`)) as Record<string, string>;
        return Object.entries(secrets).map(([name, value]) => ({ name: `${name} of ${osid}`, value }));
      }),
      ...authorities.rows.map(({ name, sealed }) =>
        keySecret(`authority ${name}`, agentGateway.open(sealed, `authority/${name}`)),
      ),
    ];
  });

/** What the agents of the demo keep beside the plane: keys of nodes, the cluster agent's access to Kubernetes. */
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
  const { kubectl } = await World.of(data);
  const key = at(await kubectl.get('secret', 'cluster-agent-tls', 'runos'), 'data', 'tls.key');
  return [keySecret('cluster agent', Buffer.from(String(key), 'base64').toString('utf8'))];
}

/** The second line of a key in PEM: the first begins as those of all its kind. */
const keySecret = (name: string, pem: string): Secret => {
  const [, , line = ''] = pem.split('\n');
  if (line.length < 32) throw new Error(`the key of ${name} is not in PEM`);
  return { name: `key of ${name}`, value: line };
};
