import { beforeAll, describe, expect, it } from '@jest/globals';
import { Client, credentials, status } from '@grpc/grpc-js';
import { callUnary, openStream, registerService, streamService } from '@runos/agent-protocol';
import { createAuthority, createSigningRequest, issueLeaf, newEcKey } from '@runos/pki';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { sharedWorld, type World } from './world.js';

describe('the doors for agents', () => {
  let world: World;
  let ca: Buffer;
  beforeAll(async () => {
    world = await sharedWorld();
    ca = await readFile(world.dev.agentGateway.ca);
  });

  const tokenFor = async (purpose: string, ttlSeconds?: number) => {
    const path = `/${world.dev.aid}/clusters/${world.dev.cid}/registration-tokens`;
    const { status: answered, body } = await world.api.post(path, { purpose, ttlSeconds });
    expect(answered).toBe(201);
    expect(body['command']).toContain(String(body['caSha256']));
    return String(body['token']);
  };

  /** The certificate that a registration earns, or the gRPC status and words it is refused with. */
  async function register(token: string, agentKind = 'node', aid = world.dev.aid) {
    const client = new Client(world.dev.agentGateway.register, credentials.createSsl(ca));
    const { csrPem, keyPem } = await createSigningRequest();
    const request = { aid, token, csrPem, agentKind, machineId: `e2e-${token.slice(10, 22)}`, os: 'debian-12' };
    try {
      const issued = await callUnary(client, registerService.Register, request, 5_000);
      return { keyPem, certificate: issued.publicKey, privateKey: issued.privateKey, ca: issued.caCert };
    } catch (refused) {
      const { code, details } = refused as { code: status; details: string };
      return { code, details };
    } finally {
      client.close();
    }
  }

  /** The gRPC status with which a stream opened under these credentials ends within some seconds; undefined: it stays. */
  async function streamEnds(key?: string, certificate?: string, l2?: string): Promise<status | undefined> {
    const proof = credentials.createSsl(
      Buffer.from(l2 ?? ca),
      key === undefined ? null : Buffer.from(key),
      certificate === undefined ? null : Buffer.from(certificate),
    );
    const client = new Client(world.dev.agentGateway.stream, proof);
    const stream = openStream(client, streamService.NodeAgentStream);
    try {
      const ended = once(stream, 'error').then(([error]) => (error as { code: status }).code);
      return await Promise.race([ended, sleep(3_000, undefined)]);
    } finally {
      stream.on('error', () => undefined);
      stream.cancel();
      client.close();
    }
  }

  it('lets a token in once, without ever holding the key', async () => {
    const token = await tokenFor('node');
    const first = await register(token);
    expect(first.certificate).toContain('BEGIN CERTIFICATE');
    expect(first.privateKey).toBe('');
    expect(await streamEnds(first.keyPem, first.certificate, first.ca)).toBeUndefined();
    expect((await register(token)).code).toBe(status.UNAUTHENTICATED);
  });

  it('refuses used, expired, foreign, misused and invented tokens in the same words', async () => {
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
    expect(await streamEnds(undefined, undefined, l2)).toBe(status.UNAVAILABLE);
    const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) };
    const stranger = await createAuthority('RunOS agents', validity);
    const { keyPem, publicKey } = await newEcKey();
    const uris = [`runos://${world.dev.aid}/${world.dev.cid}/cluster`];
    const forged = await issueLeaf(stranger, { ...validity, publicKey, commonName: 'cluster', usage: 'client', uris });
    expect(await streamEnds(keyPem, forged, l2)).toBe(status.UNAVAILABLE);
  });
});
