import { type Role, roles } from '@runos/api';
import { createAccount, type Operator } from '@runos/tool-start';
import {
  type AgentCredentials,
  ApiClient,
  eventually,
  issueAgentCredentials,
  type PlaneInfo,
  readDataFile,
} from '@runos/tool-e2e';
import type pg from 'pg';
import type { BadToken, Caller } from './cases.js';
import { type Ids, sampleType } from './samples.js';

export interface TwoAccounts {
  /** Resources of the callers' account, and of the other one. */
  readonly own: Ids;
  readonly other: Ids;
  readonly tokens: Readonly<Record<Caller, string | undefined>>;
  /** The credentials of each account's cluster agent. */
  readonly credentials: { readonly own: AgentCredentials; readonly other: AgentCredentials };
  /** Issues credentials of the agent of another cluster. */
  readonly issue: (aid: string, cluster: string) => Promise<AgentCredentials>;
}

const [cid, otherCid] = ['first', 'other'];

/** The account of `npm start` and a second one, each with one resource of every kind, and every caller's token. */
export async function makeTwoAccounts(data: string, dev: PlaneInfo, sql: pg.Client): Promise<TwoAccounts> {
  const operator = await readDataFile<Operator>(data, 'operator.json');
  const [outsider, colleague] = [
    await createAccountFor(operator, 'outsider'),
    await createAccountFor(operator, 'colleague'),
  ];
  await sql.query(
    `UPDATE identity.membership SET aid = $1, role = 'viewer'
      WHERE user_id = (SELECT id FROM identity.person WHERE email = $2)`,
    [dev.aid, colleague.email],
  );
  const agentCredentials = async (aid: string, cluster: string): Promise<AgentCredentials> =>
    (await issueAgentCredentials(sql, data, aid, [cluster])).get(cluster) as AgentCredentials;
  const credentials = {
    own: await agentCredentials(dev.aid, cid),
    other: await agentCredentials(outsider.aid, otherCid),
  };
  const owner = new ApiClient(dev.apiUrl, dev.token);
  const key = async (name: string, role: Role) => make(owner, `/${dev.aid}/api-keys`, { name, role });
  const byRole = await Promise.all(
    roles.map(async (role) => [role, String((await key(role, role))['token'])] as const),
  );
  return {
    own: await createResources(owner, dev.aid, cid, sql),
    other: await createResources(new ApiClient(dev.apiUrl, outsider.token), outsider.aid, otherCid, sql),
    credentials,
    issue: agentCredentials,
    tokens: {
      ...(Object.fromEntries(byRole) as Record<Role, string>),
      ...(await badTokens(owner, dev.aid, () => key('invalid', 'owner'), sql)),
      ...(await badSessions(dev, sql)),
      certificate: credentials.other.certificate.replaceAll(/-----[^-]+-----|\s/g, ''),
      outsider: outsider.token,
      'outsider session': await logIn(dev, outsider),
      'viewer session': await logIn(dev, colleague),
      'owner session': await logIn(dev, dev),
    },
  };
}

interface Person {
  readonly email: string;
  readonly password: string;
}

async function createAccountFor(operator: Operator, name: string): Promise<Person & { aid: string; token: string }> {
  const { password, ...made } = await createAccount(operator, `${name}-${Date.now()}@example.com`);
  if (password === null) throw new Error(`${name} existed already`);
  return { ...made, password };
}

async function logIn({ apiUrl }: PlaneInfo, { email, password }: Person): Promise<string> {
  return String((await make(new ApiClient(apiUrl, undefined), '/auth/login', { email, password }))['token']);
}

async function badSessions(
  dev: PlaneInfo,
  sql: pg.Client,
): Promise<Record<'expired session' | 'revoked session', string>> {
  const [expired, revoked] = [await logIn(dev, dev), await logIn(dev, dev)];
  const [, keyId] = /^runos_ses_(\w+)\./.exec(expired) ?? [];
  await sql.query(`UPDATE identity.session SET expires_at = now() - interval '1 minute' WHERE key_id = $1`, [keyId]);
  await make(new ApiClient(dev.apiUrl, revoked), '/auth/logout', undefined);
  return { 'expired session': expired, 'revoked session': revoked };
}

async function badTokens(
  owner: ApiClient,
  aid: string,
  newKey: () => Promise<Record<string, unknown>>,
  sql: pg.Client,
): Promise<Record<Exclude<BadToken, 'expired session' | 'revoked session' | 'certificate'>, string | undefined>> {
  const [expired, revoked] = [await newKey(), await newKey()];
  await sql.query(`UPDATE identity.api_key SET expires_at = now() - interval '1 minute' WHERE key_id = $1`, [
    expired['id'],
  ]);
  await make(owner, `/${aid}/api-keys/${String(revoked['id'])}/revoke`, undefined);
  return {
    none: undefined,
    garbage: 'garbage',
    unknown: `runos_pat_aaaaaaaaaaaa.${'A'.repeat(43)}`,
    expired: String(expired['token']),
    revoked: String(revoked['token']),
  };
}

/** No name below `invalid` has an address (RFC 2606), so the registry is not reached. */
const privateRegistry = { host: 'registry.invalid', username: 'acme', password: 'pull-7Hq2xV-password' };

/** Creates one resource of every kind. The row of the node is inserted, because no agent registers it here. */
async function createResources(api: ApiClient, aid: string, cid: string, sql: pg.Client): Promise<Ids> {
  await make(api, `/${aid}/clusters`, { cid });
  const nid = `${cid.slice(0, 4)}9`;
  await sql.query(
    `INSERT INTO reconciler.node (aid, cluster_id, nid, machine_id, name, os)
     SELECT aid, id, $3, $3, $3, 'linux' FROM reconciler.cluster WHERE aid = $1 AND cid = $2`,
    [aid, cid, nid],
  );
  const set = { name: 'tuned', type: sampleType, values: { shared_buffers: '256MB' } };
  const { setId } = await make(api, `/${aid}/config-sets`, set);
  const { id: keyId } = await make(api, `/${aid}/api-keys`, { name: 'spare', role: 'viewer' });
  const { id: serviceId, jobId } = await make(api, `/${aid}/${cid}/services/${sampleType}`, { name: 'orders' });
  const { id: appId } = await make(api, `/${aid}/${cid}/apps`, { name: 'shop', image: 'docker.io/library/shop:1' });
  const filename = `${aid}.pem`;
  await make(api, `/${aid}/${cid}/apps/${String(appId)}/secret-files`, { add: [{ filename, content: 'AAEC' }] });
  const override = { name: 'size', enabled: false, data: 'c3BlYzoge3JlcGxpY2FzOiAyfQo=' };
  const { overrideId } = await make(api, `/${aid}/${cid}/apps/${String(appId)}/overrides`, override);
  const workItemId = await eventually('the work item of the job', async () => {
    const { body } = await api.get(`/jobs/${String(jobId)}/workitems`);
    return (body['workItems'] as { id: string }[] | undefined)?.[0]?.id;
  });
  const { id: upgradeId } = await make(api, `/${aid}/upgrades`, { type: sampleType });
  const { id: registryId } = await make(api, `/${aid}/registries`, privateRegistry);
  const registrationTokenId = await createRegistrationToken(api, aid, cid);
  const ofInstances = { serviceId, appId, filename, overrideId };
  const made = { ...ofInstances, keyId, registrationTokenId, setId, jobId, workItemId, registryId, upgradeId };
  if (Object.values(made).some((one) => typeof one !== 'string')) {
    throw new Error(`not everything has an id: ${JSON.stringify(made)}`);
  }
  return { aid, ownAid: aid, cid, nid, ...(made as Omit<Ids, 'aid' | 'ownAid' | 'cid' | 'nid'>) };
}

async function createRegistrationToken(api: ApiClient, aid: string, cid: string): Promise<string> {
  const { token } = await make(api, `/${aid}/clusters/${cid}/registration-tokens`, {
    purpose: 'node',
    ttlSeconds: 86_400,
  });
  const [, id = ''] = /^runos_reg_(\w+)\./.exec(String(token)) ?? [];
  return id;
}

async function make(api: ApiClient, path: string, body: unknown): Promise<Record<string, unknown>> {
  const answer = await api.post(path, body);
  if (answer.status < 300) return answer.body;
  throw new Error(`POST ${path} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
}
