import 'reflect-metadata';
import { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { AgentIdentity, callUnary, streamService } from '@runos/agent-protocol';
import { agentClient, type PlaneInfo, type AgentCredentials } from '@runos/tool-e2e';
import { webcrypto, X509Certificate } from 'node:crypto';
import type pg from 'pg';
import { type Ids, missingIds } from './samples.js';

/**
 * An agent requests a new certificate in the name of another account's agent, and of a missing one. It gets one in its
 * own name, and the others do not change. Returns the failures.
 */
export async function renewAsAnother(
  dev: PlaneInfo,
  proof: AgentCredentials,
  own: Ids,
  sql: pg.Client,
): Promise<string[]> {
  const client = agentClient(dev.agentGateway.stream, proof);
  const ownCertificates = async (): Promise<string> => {
    const { rows } = await sql.query('SELECT * FROM agent_gateway.certificate WHERE aid = $1 ORDER BY 1', [own.aid]);
    return JSON.stringify(rows);
  };
  const before = await ownCertificates();
  const name = new X509Certificate(proof.certificate).subjectAltName;
  const wrong: string[] = [];
  try {
    for (const { aid, cid } of [own, missingIds]) {
      const csrPem = await requestAs(AgentIdentity.print({ aid, cid, nid: null }));
      const { publicKey } = await callUnary(client, streamService.RegenerateCertificate, { csrPem }, 10_000);
      const got = new X509Certificate(publicKey).subjectAltName;
      if (got !== name) wrong.push(`an agent of ${name} got a certificate of ${got}`);
    }
  } finally {
    client.close();
  }
  if ((await ownCertificates()) !== before) wrong.push('the renewal of an agent changed the certificates of another');
  return wrong;
}

async function requestAs(uri: string): Promise<string> {
  const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify']);
  const extensions = [new SubjectAlternativeNameExtension([{ type: 'url', value: uri }])];
  const options = { name: `CN=${uri}`, keys, signingAlgorithm: signing, extensions };
  return (await Pkcs10CertificateRequestGenerator.create(options, webcrypto)).toString('pem');
}
