import { AgentIdentity } from '@runos/agent-protocol';
import { issueLeaf, newEcKey } from '@runos/pki';
import { keyringSettings } from '@runos/security';
import { X509Certificate } from 'node:crypto';
import type { Client } from 'pg';
import { readDataFile } from '../plane-data.js';
import type { AgentCredentials } from './test-agent.js';

const dayMs = 86_400_000;

/** Issues certificates of cluster agents like registration does, without its rate limit. */
export async function issueAgentCredentials(
  sql: Client,
  data: string,
  aid: string,
  cids: readonly string[],
): Promise<Map<string, AgentCredentials>> {
  const { keyrings } = await readDataFile<{ keyrings: Record<string, string> }>(data, 'secrets.json');
  const keyring = keyringSettings.keyring.parse(keyrings['agent-gateway']);
  const { rows } = await sql.query<{ certificate: string; sealed_key: string }>(
    `SELECT certificate, sealed_key FROM agent_gateway.authority WHERE name = 'l2'`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the plane has no CA for agents');
  const authority = { certificatePem: row.certificate, keyPem: keyring.open(row.sealed_key, 'authority/l2') };
  const { keyPem: key, publicKey } = await newEcKey();
  const credentials = new Map<string, AgentCredentials>();
  for (const cid of cids) {
    const certificate = await issueLeaf(authority, {
      publicKey,
      usage: 'client',
      commonName: `cluster:${cid}`,
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + dayMs),
      uris: [AgentIdentity.print(AgentIdentity.parse(`runos://${aid}/${cid}/cluster`) as AgentIdentity)],
    });
    const { serialNumber, fingerprint256, validTo } = new X509Certificate(certificate);
    await sql.query(
      `INSERT INTO agent_gateway.certificate (serial, fingerprint, aid, cid, nid, expires_at) VALUES ($1, $2, $3, $4, '', $5)`,
      [serialNumber.toLowerCase(), fingerprint256.replaceAll(':', '').toLowerCase(), aid, cid, new Date(validTo)],
    );
    credentials.set(cid, { ca: authority.certificatePem, key, certificate });
  }
  return credentials;
}
