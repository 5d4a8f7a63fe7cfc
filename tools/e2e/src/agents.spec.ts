import { beforeAll, describe, expect, it } from '@jest/globals';
import { Client, credentials, status } from '@grpc/grpc-js';
import { callUnary, openStream, registerService, streamService } from '@runos/agent-protocol';
import { createAuthority, createSigningRequest, issueLeaf, newEcKey } from '@runos/pki';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';

describe('the endpoints for agents', () => {
  let planeClient: PlaneClient;
  let ca: Buffer;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
    ca = await readFile(planeClient.info.agentGateway.ca);
  });

  const tokenFor = async (purpose: string, ttlSeconds?: number) => {
    const path = `/${planeClient.info.aid}/clusters/${planeClient.info.cid}/registration-tokens`;
    const { status: answered, body } = await planeClient.api.post(path, { purpose, ttlSeconds });
    expect(answered).toBe(201);
    expect(body['command']).toContain(String(body['caSha256']));
    return String(body['token']);
  };

  /** The certificate of a registration, or the gRPC status and message of its refusal. */
  async function register(token: string, agentKind = 'node', aid = planeClient.info.aid) {
    const client = new Client(planeClient.info.agentGateway.register, credentials.createSsl(ca));
    const { csrPem, keyPem } = await createSigningRequest();
    const request = { aid, token, csrPem, agentKind, machineId: `e2e-${token.slice(10, 22)}`, os: 'debian-12' };
    try {
      const issued = await callUnary(client, registerService.Register, request, 60_000);
      return { keyPem, certificate: issued.publicKey, privateKey: issued.privateKey, ca: issued.caCert };
    } catch (refused) {
      const { code, details } = refused as { code: status; details: string };
      return { code, details };
    } finally {
      client.close();
    }
  }

  /** The gRPC status with which a stream ends; undefined when it stays open for this time. */
  async function streamEnds(
    { key, certificate, l2 }: { key?: string; certificate?: string; l2?: string },
    withinMs = 60_000,
  ): Promise<status | undefined> {
    const proof = credentials.createSsl(
      Buffer.from(l2 ?? ca),
      key === undefined ? null : Buffer.from(key),
      certificate === undefined ? null : Buffer.from(certificate),
    );
    const client = new Client(planeClient.info.agentGateway.stream, proof);
    const stream = openStream(client, streamService.NodeAgentStream);
    try {
      const ended = once(stream, 'error').then(([error]) => (error as { code: status }).code);
      return await Promise.race([ended, sleep(withinMs, undefined)]);
    } finally {
      stream.on('error', () => undefined);
      stream.cancel();
      client.close();
    }
  }

  it('registers an agent once per token, without its private key', async () => {
    const token = await tokenFor('node');
    const first = await register(token);
    expect(first.certificate).toContain('BEGIN CERTIFICATE');
    expect(first.privateKey).toBe('');
    const { keyPem: key, certificate, ca: l2 } = first;
    expect(await streamEnds({ key, certificate, l2 }, 3_000)).toBeUndefined();
    expect((await register(token)).code).toBe(status.UNAUTHENTICATED);
  });

  it('rejects used, expired, foreign, misused and invented tokens with the same message', async () => {
    const used = await tokenFor('node');
    await register(used);
    const expired = await tokenFor('node', 1);
    await sleep(1_200);
    const refusals = [
      await register(used),
      await register(expired),
      await register(await tokenFor('node'), 'node', 'zzzz0'),
      await register(await tokenFor('cluster-agent'), 'node'),
      await register(`runos_reg_aaaaaaaaaaaa.${'A'.repeat(43)}`),
      await register('garbage'),
    ];
    expect(refusals.map(({ code }) => code)).toEqual(refusals.map(() => status.UNAUTHENTICATED));
    expect(new Set(refusals.map(({ details }) => details)).size).toBe(1);
  });

  it('opens no stream without a certificate, or with one of another authority', async () => {
    const { ca: l2 = '' } = await register(await tokenFor('node'));
    expect(await streamEnds({ l2 })).toBe(status.UNAVAILABLE);
    const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) };
    const foreign = await createAuthority('RunOS agents', validity);
    const { keyPem, publicKey } = await newEcKey();
    const uris = [`runos://${planeClient.info.aid}/${planeClient.info.cid}/cluster`];
    const forged = await issueLeaf(foreign, { ...validity, publicKey, commonName: 'cluster', usage: 'client', uris });
    expect(await streamEnds({ key: keyPem, certificate: forged, l2 })).toBe(status.UNAVAILABLE);
  });
});
