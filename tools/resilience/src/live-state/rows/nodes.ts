import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { status, type ServiceError } from '@grpc/grpc-js';
import { callUnary, streamService } from '@runos/agent-protocol';
import { eventually, type PlaneClient } from '@runos/tool-e2e';
import { joinAsNode } from '../../agent/join-as-node.js';
import { NodeStream } from '../node-stream.js';
import type { Row } from '../row.js';
import { seen } from '../steps.js';
import { nidOf, nodeOf } from './agents.js';

async function join(plane: PlaneClient): Promise<{ nid: string; stream: NodeStream }> {
  const { agentGateway } = plane.info;
  const credentials = await joinAsNode(plane.info, agentGateway.register, `live-${randomUUID()}`);
  return { nid: nidOf(credentials.certificate), stream: new NodeStream(agentGateway.stream, credentials) };
}

/** `definitions`: ready means that the last heartbeat is younger than this; 1 s more is the period of the look. */
const staleAfterMs = 31_000;
/** Between two reads of the API, ms. */
const readsEveryMs = 500;

/** How long the frozen node was shown as ready after its last heartbeat, ms. Its neighbour ends its stream `closesAfterMs` later. */
async function readyWithoutHeartbeats(plane: PlaneClient, closesAfterMs: number): Promise<number> {
  const [frozen, neighbour] = [await join(plane), await join(plane)];
  try {
    await neighbour.stream.heartbeat();
    if (closesAfterMs < 0) neighbour.stream.close();
    await sleep(Math.abs(closesAfterMs));
    await frozen.stream.heartbeat();
    const from = performance.now();
    if (closesAfterMs >= 0) setTimeout(() => neighbour.stream.close(), closesAfterMs);
    await eventually(
      'the frozen node to be not ready',
      async () => {
        return (await nodeOf(plane, frozen.nid))['status'] === 'not_ready';
      },
      70_000,
    );
    return performance.now() - from;
  } finally {
    for (const { stream } of [frozen, neighbour]) stream.close();
  }
}

const frozenAgent: Row = {
  id: 'F17',
  input: 'an agent is frozen, and the stream of its neighbour ends shortly before or after',
  async run({ plane }, result) {
    const orders = [-9_000, -500, 500, 9_000];
    const all = await Promise.all(orders.map((order) => readyWithoutHeartbeats(plane, order)));
    for (const [index, ms] of all.entries()) {
      const isInTime = ms < staleAfterMs + readsEveryMs;
      const text = isInTime ? 'in time' : `after ${Math.round(ms)} ms`;
      result.compare(`not ready, neighbour ended ${orders[index]} ms after its heartbeat`, text, 'in time');
    }
  },
};

const twoReads: Row = {
  id: 'F18',
  input: 'a cluster list and a cluster show',
  async run({ plane }, result) {
    const { aid, cid } = plane.info;
    const isRecent = (time: unknown) => Date.now() - Date.parse(String(time)) < 8_000;
    const areRecent = async () => {
      const list = (await plane.api.get(`/${aid}/clusters`)).body['clusters'] as Record<string, unknown>[];
      const show = (await plane.api.get(`/${aid}/clusters/${cid}`)).body;
      const listed = list.find((cluster) => cluster['cid'] === cid);
      return [listed, show].map((cluster) => isRecent(cluster?.['lastHeartbeatAt']));
    };
    // On a machine with much load, a heartbeat may be late once.
    const recent = await seen(areRecent, (both) => both.every(Boolean));
    result.compare('heartbeat in the list is recent', recent[0], true);
    result.compare('heartbeat in the show is recent', recent[1], true);
  },
};

const existingAgent: Row = {
  id: 'F19',
  input: 'an existing node agent runs install and reports not_installed',
  async run({ plane }, result) {
    const { nid, stream } = await join(plane);
    try {
      const { GetInstallCommands, GetInstallVpnCommands } = streamService;
      const calls = {
        GetInstallCommands: callUnary(stream.client, GetInstallCommands, { jsonB64FileList: '' }, 10_000),
        GetInstallVpnCommands: callUnary(stream.client, GetInstallVpnCommands, {}, 10_000),
      };
      for (const [name, call] of Object.entries(calls)) {
        const code = await call.then(
          () => 'answered',
          (refused: ServiceError) => status[refused.code],
        );
        result.compare(name, code, 'FAILED_PRECONDITION');
      }
      await stream.heartbeat('not_installed', { isCp: true, isWorker: true });
      const node = await seen(
        () => nodeOf(plane, nid),
        ({ kubernetesStatus }) => kubernetesStatus === 'not_installed',
      );
      result.compare('state of the node', node['kubernetesStatus'], 'not_installed');
      result.compare('roles of the node', node['roles'], ['control-plane', 'worker']);
    } finally {
      stream.close();
    }
  },
};

export const nodeRows: readonly Row[] = [frozenAgent, twoReads, existingAgent];
