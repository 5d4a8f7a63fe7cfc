import { randomUUID, X509Certificate } from 'node:crypto';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AgentIdentity, callUnary, registerService } from '@runos/agent-protocol';
import { createSigningRequest } from '@runos/pki';
import type { PlaneClient } from '@runos/tool-e2e';
import { joinAsNode, registrationClient } from '../../agent/join-as-node.js';
import { nodeOptionsAhead } from '../../replicas/clock-skew.js';
import { NodeStream, Relay } from '../node-stream.js';
import type { Row } from '../row.js';
import { seen } from '../steps.js';

type Fields = Readonly<Record<string, unknown>>;

const tokenOf = async ({ api, info: { aid, cid } }: PlaneClient): Promise<string> =>
  String((await api.post(`/${aid}/clusters/${cid}/registration-tokens`, { purpose: 'node' })).body['token']);

/** The id of a node is in the URI of its certificate. */
export function nidOf(certificate: string): string {
  const names = new X509Certificate(certificate).subjectAltName?.split(', ') ?? [];
  const identities = names.flatMap((name) => AgentIdentity.parse(name.replace(/^URI:/, '')) ?? []);
  return identities[0]?.nid ?? '';
}

export const nodeOf = async ({ api, info: { aid, cid } }: PlaneClient, nid: string): Promise<Fields> =>
  (await api.get(`/${aid}/${cid}/nodes/${nid}`)).body;

const lostAnswer: Row = {
  id: 'F10',
  input: 'the answer to a registration is lost on the way',
  async run({ plane }, result) {
    const { csrPem } = await createSigningRequest();
    const token = await tokenOf(plane);
    const request = {
      aid: plane.info.aid,
      token,
      csrPem,
      agentKind: 'node',
      machineId: `live-${randomUUID()}`,
      os: 'x',
    };
    const client = await registrationClient(plane.info);
    const register = (machineId = request.machineId) =>
      callUnary(client, registerService.Register, { ...request, machineId }, 10_000).then(
        ({ publicKey }) => publicKey,
        ({ details }: { details?: string }) => `refused: ${details ?? ''}`,
      );
    try {
      const lost = await register();
      result.compare('the repeated registration has the same certificate', (await register()) === lost, true);
      result.compare('another machine', await register(`live-${randomUUID()}`), /^refused: /);
    } finally {
      client.close();
    }
  },
};

const clonedMachine: Row = {
  id: 'F14',
  input: 'two agents with one identity',
  async run({ plane }, result) {
    const { agentGateway } = plane.info;
    const credentials = await joinAsNode(plane.info, agentGateway.register, `live-${randomUUID()}`);
    const nid = nidOf(credentials.certificate);
    const relay = await Relay.start(agentGateway.stream, '127.0.0.2');
    const streams: NodeStream[] = [];
    try {
      for (const address of [agentGateway.stream, relay.address, agentGateway.stream, relay.address]) {
        const stream = new NodeStream(address, credentials);
        streams.push(stream);
        await stream.heartbeat();
      }
      const node = await seen(
        () => nodeOf(plane, nid),
        ({ reason }) => reason === 'DuplicateIdentity',
      );
      result.compare('node', node['reason'], 'DuplicateIdentity');
      result.compare('both addresses', node['message'], /127\.0\.0\.1.*127\.0\.0\.2/);
      const ended = () => Promise.resolve(streams.at(-1)?.ended);
      result.compare('the later one', await seen(ended, (why) => why !== undefined), /register/i);
    } finally {
      streams.forEach((stream) => stream.close());
      relay.stop();
    }
  },
};

/** What a node agent writes whose clock differs, until it names that. */
async function outputWithClock(plane: PlaneClient, aheadMs: number, right: RegExp): Promise<string> {
  const { register, stream, ca } = plane.info.agentGateway;
  const state = await mkdtemp(join(tmpdir(), 'runos-live-'));
  const [host = '', registerPort = ''] = register.split(':');
  const options = {
    server: host,
    'register-port': registerPort,
    'stream-port': stream.split(':')[1] ?? '',
    aid: plane.info.aid,
    ca,
    token: await tokenOf(plane),
    state,
    'machine-id': `live-${randomUUID()}`,
  };
  const main = resolve(import.meta.dirname, '../../../../../apps/node-agent/dist/main.js');
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const env = { ...process.env, NODE_OPTIONS: nodeOptionsAhead(aheadMs) };
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const source of [child.stdout, child.stderr]) source.on('data', (chunk) => (output += String(chunk)));
  try {
    return await seen(
      () => Promise.resolve(output),
      (text) => right.test(text),
    );
  } finally {
    child.kill();
    await rm(state, { recursive: true, force: true });
  }
}

const wrongClock: Row = {
  id: 'F15',
  input: 'the clock of an agent is 20 minutes behind, or years ahead',
  async run({ plane }, result) {
    const minute = 60_000;
    const cases = [
      [-20 * minute, /the clock of this machine is (?:19|20) minutes behind the server/],
      [3 * 365 * 24 * 60 * minute, /the clock of this machine is \d+ days ahead of the server/],
    ] as const;
    for (const [aheadMs, right] of cases) {
      const output = await outputWithClock(plane, aheadMs, right);
      result.compare(`log of an agent ${aheadMs / minute} minutes ahead`, right.exec(output)?.[0], right);
    }
  },
};

export const agentRows: readonly Row[] = [lostAnswer, clonedMachine, wrongClock];
