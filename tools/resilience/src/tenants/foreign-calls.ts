import { type Client, type MethodDefinition, type ServiceError, status } from '@grpc/grpc-js';
import {
  AmIVIPHolder,
  callUnary,
  encodeJson,
  type Envelope,
  errorIn,
  GetControlPlaneNodes,
  NodeAgentHeartbeatToServer,
  refusalCodeOf,
  registerService,
  type Report,
  type StreamService,
  streamService,
  UpgradeNodeK8sLog,
} from '@runos/agent-protocol';
import { createSigningRequest } from '@runos/pki';
import { agentClient, type PlaneInfo, TestAgent, type AgentCredentials } from '@runos/tool-e2e';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Ids, missingIds } from './samples.js';

/** Agents of the other account, and registration tokens. */
export interface ForeignAgents {
  /** The node's stream. */
  readonly node: TestAgent;
  readonly proofs: Readonly<Record<'cluster' | 'node', AgentCredentials>>;
  /** An unused registration token of each account. */
  readonly tokens: Readonly<Record<'own' | 'other', string>>;
}

type StreamName = 'ClusterAgentStream' | 'NodeAgentStream';
type UnaryName = Exclude<keyof StreamService, StreamName>;
type CallContext<M> = M extends MethodDefinition<infer In, infer _> ? In : never;

/** A message about the resources of one account, and the reply that must not depend on the account. */
interface ComparedCall {
  readonly name: string;
  readonly call: (ids: Ids) => Promise<unknown>;
  readonly answer: unknown;
}

const namesOf = (ids: Ids): string => encodeJson(ids);
const refused = (code: status, refusal?: string) => ({ code, refusal });
const notOffered = refused(status.FAILED_PRECONDITION, 'not-offered');

/** One row per method: the certificate identifies the caller, and other names in a request have no effect. */
const rows: { readonly [M in UnaryName]: { call(ids: Ids): CallContext<StreamService[M]>; readonly answer: unknown } } =
  {
    AddNodelog: {
      call: (ids) => ({
        type: namesOf(ids),
        severity: 3,
        message: namesOf(ids),
        code: '',
        cause: '',
        remedy: '',
        docs_url: '',
      }),
      answer: {},
    },
    UpdateStatus: { call: (ids) => ({ status: namesOf(ids) }), answer: {} },
    ManualSync: {
      call: ({ cid, nid }) => ({ nodePeer: { pubKey: nid, endpointIp: '127.0.0.1', ip: cid }, nodeIsReady: true }),
      answer: { peers: [] },
    },
    GetControlPlaneNodes: { call: () => ({}), answer: { ControlPlaneNodes: [] } },
    GetInstallVpnCommands: { call: () => ({}), answer: notOffered },
    GetInstallCommands: { call: (ids) => ({ jsonB64FileList: namesOf(ids) }), answer: notOffered },
    RegenerateCertificate: {
      call: (ids) => ({ csrPem: namesOf(ids) }),
      answer: refused(status.INVALID_ARGUMENT, 'request-invalid'),
    },
    GetClusterAgentCredentials: { call: () => ({}), answer: refused(status.UNIMPLEMENTED) },
  };

const outcome = (call: Promise<unknown>): Promise<unknown> =>
  call.catch(({ code, metadata, details }: ServiceError) => ({ ...refused(code, refusalCodeOf(metadata)), details }));

/** Every method of the authenticated endpoint; methods that no agent calls are not served. */
function unaryCalls(client: Client, who: string): ComparedCall[] {
  const streams: readonly string[] = ['ClusterAgentStream', 'NodeAgentStream'] satisfies StreamName[];
  return Object.entries(streamService as unknown as Record<string, MethodDefinition<unknown, unknown>>)
    .filter(([name]) => !streams.includes(name))
    .map(([name, method]) => {
      const row = Object.hasOwn(rows, name) ? rows[name as UnaryName] : undefined;
      return {
        name: `${name} of a ${who}`,
        call: (ids) => outcome(callUnary(client, method, row?.call(ids) ?? {}, 10_000)),
        answer: row?.answer ?? refused(status.UNIMPLEMENTED),
      };
    });
}

/** The heartbeat of a node. */
export const heartbeat = { externalIpAddress: '', isCp: false, isWorker: true, status: 'ready', version: '0.0.0' };
const claims = [({ aid }: Ids) => ({ aid }), ({ cid }: Ids) => ({ cid }), ({ nid }: Ids) => ({ nid })];

/** The reply shows that the stream of a node is open and recorded. */
export async function sendHeartbeatAsNode(node: TestAgent): Promise<void> {
  const problem = errorIn(await node.exchange(envelope(NodeAgentHeartbeatToServer.type, heartbeat)));
  if (problem !== undefined) throw new Error(`the heartbeat of a node was answered: ${problem}`);
}

/** A node of the other account sends every report of nodes in the name of a node of this account. */
function nodeCalls(node: TestAgent): ComparedCall[] {
  const reports: [Report, object][] = [
    [NodeAgentHeartbeatToServer, heartbeat],
    [AmIVIPHolder, {}],
    [GetControlPlaneNodes, {}],
    [UpgradeNodeK8sLog, { message: 'done', severity: 3 }],
  ];
  return reports.flatMap(([{ type }, body]) =>
    claims.map((claim, at) => {
      const who = ['account', 'cluster', 'node'][at];
      const call = async (ids: Ids) => errorIn(await node.exchange(envelope(type, { ...body, ...claim(ids) })));
      return { name: `${type} of a node`, call, answer: `${type} is about another ${who} than its certificate` };
    }),
  );
}

const envelope = (type: string, body: unknown): Envelope => ({ type, jsonB64: encodeJson(body), tag: randomUUID() });

/** Each kind of agent opens the stream of the other kind, in the name of its agents. */
function wrongStreamCall(address: string, proof: AgentCredentials, stream: StreamName, { type }: Report): ComparedCall {
  const call = async (ids: Ids): Promise<unknown> => {
    const agent = new TestAgent(address, proof, stream);
    try {
      return await outcome(agent.exchange(envelope(type, { ...heartbeat, ...ids })));
    } finally {
      agent.close();
    }
  };
  return { name: `another's ${stream}`, call, answer: refused(status.PERMISSION_DENIED, 'agent-kind-mismatch') };
}

const unknownToken = `runos_reg_aaaaaaaaaaaa.${'a'.repeat(43)}`;

/** Registers with the token of another account, as the machine of one of its nodes. */
async function registrationCalls(endpoint: Client, { tokens }: ForeignAgents, other: Ids): Promise<ComparedCall[]> {
  const { csrPem } = await createSigningRequest();
  const answer = refused(status.UNAUTHENTICATED, 'registration-refused');
  const attempts: [string, string, (ids: Ids) => string][] = [
    ['the other account’s token', tokens.other, ({ aid }) => aid],
    ['an unknown token', unknownToken, ({ aid }) => aid],
    ['a token that is not of the account', tokens.own, () => other.aid],
  ];
  return attempts.flatMap(([what, token, aidOf]) =>
    ['node', 'cluster-agent'].map((agentKind) => ({
      name: `registration of a ${agentKind} with ${what}`,
      call: (ids: Ids) => {
        const request = { aid: aidOf(ids), token, csrPem, agentKind, machineId: ids.nid, os: 'x' };
        return outcome(callUnary(endpoint, registerService.Register, request, 10_000));
      },
      answer,
    })),
  );
}

/** Calls both endpoints about this account's and about missing resources: every reply must be not found. */
export async function attemptCalls(dev: PlaneInfo, foreignAgents: ForeignAgents, own: Ids, other: Ids) {
  const { stream, register, ca } = dev.agentGateway;
  const { cluster, node } = foreignAgents.proofs;
  const clients = { 'cluster agent': agentClient(stream, cluster), node: agentClient(stream, node) };
  // The registration endpoint requires no certificate; a presented one gives no permission.
  const endpoint = agentClient(register, { ...cluster, ca: await readFile(ca, 'utf8') });
  const comparedCalls = [
    ...Object.entries(clients).flatMap(([who, client]) => unaryCalls(client, who)),
    ...nodeCalls(foreignAgents.node),
    wrongStreamCall(stream, cluster, 'NodeAgentStream', NodeAgentHeartbeatToServer),
    wrongStreamCall(stream, node, 'ClusterAgentStream', NodeAgentHeartbeatToServer),
    ...(await registrationCalls(endpoint, foreignAgents, other)),
  ];
  const wrong: string[] = [];
  try {
    for (const { name, call, answer } of comparedCalls) {
      const [got, counterpart] = [await call(own), await call(missingIds)];
      if (!isDeepStrictEqual(got, counterpart))
        wrong.push(`${name}: ${format(got)} for foreign resources, ${format(counterpart)} for missing ones`);
      if (!isDeepStrictEqual(withoutWords(got), answer)) wrong.push(`${name}: ${format(got)}, not ${format(answer)}`);
    }
  } finally {
    [endpoint, ...Object.values(clients)].forEach((client) => client.close());
  }
  return { tried: 2 * comparedCalls.length, wrong };
}

const format = (value: unknown): string => JSON.stringify(value);

/** The code identifies a refusal; its message must be the same for every caller. */
function withoutWords(got: unknown): unknown {
  if (typeof got !== 'object' || got === null || !('details' in got)) return got;
  const { details: _, ...rest } = got;
  return rest;
}
