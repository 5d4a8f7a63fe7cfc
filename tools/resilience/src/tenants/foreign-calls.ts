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
import { agentClient, type Dev, HarnessAgent, type Proof } from '@runos/tool-e2e';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Ids, missingIds } from './ids.js';

/** Agents of the other account, and what they hold besides. */
export interface Intruders {
  /** The node, on its stream. */
  readonly node: HarnessAgent;
  readonly proofs: Readonly<Record<'cluster' | 'node', Proof>>;
  /** A registration token of each account that nobody has used. */
  readonly tokens: Readonly<Record<'own' | 'other', string>>;
}

type StreamName = 'ClusterAgentStream' | 'NodeAgentStream';
type UnaryName = Exclude<keyof StreamService, StreamName>;
type AskedOf<M> = M extends MethodDefinition<infer In, infer _> ? In : never;

/** Something said about the things of one account, and what must come back, whoever's they are. */
interface Question {
  readonly name: string;
  readonly ask: (ids: Ids) => Promise<unknown>;
  readonly answer: unknown;
}

const namesOf = (ids: Ids): string => encodeJson(ids);
const list = { commands: [] };
const refused = (code: status, refusal?: string) => ({ code, refusal });

/** One row per method: the certificate says who asks, and what a question names besides is nobody's or all the same. */
const rows: { readonly [M in UnaryName]: { ask(ids: Ids): AskedOf<StreamService[M]>; readonly answer: unknown } } = {
  AddNodelog: {
    ask: (ids) => ({
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
  UpdateStatus: { ask: (ids) => ({ status: namesOf(ids) }), answer: {} },
  ManualSync: {
    ask: ({ cid, nid }) => ({ nodePeer: { pubKey: nid, endpointIp: '127.0.0.1', ip: cid }, nodeIsReady: true }),
    answer: { peers: [] },
  },
  GetControlPlaneNodes: { ask: () => ({}), answer: { ControlPlaneNodes: [] } },
  GetInstallVpnCommands: { ask: () => ({}), answer: list },
  GetInstallCommands: { ask: (ids) => ({ jsonB64FileList: namesOf(ids) }), answer: list },
  RegenerateCertificate: {
    ask: (ids) => ({ csrPem: namesOf(ids) }),
    answer: refused(status.INVALID_ARGUMENT, 'request-invalid'),
  },
  GetClusterAgentCredentials: { ask: () => ({}), answer: refused(status.UNIMPLEMENTED) },
};

const outcome = (asked: Promise<unknown>): Promise<unknown> =>
  asked.catch(({ code, metadata, details }: ServiceError) => ({ ...refused(code, refusalCodeOf(metadata)), details }));

/** Every method of the door that knows its callers; what agents in the field never call is not served at all. */
function unaryQuestions(client: Client, who: string): Question[] {
  const streams: readonly string[] = ['ClusterAgentStream', 'NodeAgentStream'] satisfies StreamName[];
  return Object.entries(streamService as unknown as Record<string, MethodDefinition<unknown, unknown>>)
    .filter(([name]) => !streams.includes(name))
    .map(([name, method]) => {
      const row = Object.hasOwn(rows, name) ? rows[name as UnaryName] : undefined;
      return {
        name: `${name} of a ${who}`,
        ask: (ids) => outcome(callUnary(client, method, row?.ask(ids) ?? {}, 10_000)),
        answer: row?.answer ?? refused(status.UNIMPLEMENTED),
      };
    });
}

const beat = { externalIpAddress: '', isCp: false, isWorker: true, status: 'ready', version: '0.0.0' };
const claims = [({ aid }: Ids) => ({ aid }), ({ cid }: Ids) => ({ cid }), ({ nid }: Ids) => ({ nid })];

/** A node is on its stream, and known to be, once this is answered. */
export async function beatAsNode(node: HarnessAgent): Promise<void> {
  const problem = errorIn(await node.exchange(envelope(NodeAgentHeartbeatToServer.type, beat)));
  if (problem !== undefined) throw new Error(`the heartbeat of a node was answered: ${problem}`);
}

/** A node of the other account says that it is one of this account's, with whatever nodes may say. */
function nodeQuestions(node: HarnessAgent): Question[] {
  const words: [Report, object][] = [
    [NodeAgentHeartbeatToServer, beat],
    [AmIVIPHolder, {}],
    [GetControlPlaneNodes, {}],
    [UpgradeNodeK8sLog, { message: 'done', severity: 3 }],
  ];
  return words.flatMap(([{ type }, body]) =>
    claims.map((claim, at) => {
      const who = ['account', 'cluster', 'node'][at];
      const ask = async (ids: Ids) => errorIn(await node.exchange(envelope(type, { ...body, ...claim(ids) })));
      return { name: `${type} of a node`, ask, answer: `${type} is about another ${who} than its certificate` };
    }),
  );
}

const envelope = (type: string, body: unknown): Envelope => ({ type, jsonB64: encodeJson(body), tag: randomUUID() });

/** Each kind of agent on the stream of the other kind, with words of whose it would be. */
function strayQuestion(address: string, proof: Proof, stream: StreamName, { type }: Report): Question {
  const ask = async (ids: Ids): Promise<unknown> => {
    const agent = new HarnessAgent(address, proof, stream);
    try {
      return await outcome(agent.exchange(envelope(type, { ...beat, ...ids })));
    } finally {
      agent.close();
    }
  };
  return { name: `another's ${stream}`, ask, answer: refused(status.PERMISSION_DENIED, 'agent-kind-mismatch') };
}

const unknownToken = `runos_reg_aaaaaaaaaaaa.${'a'.repeat(43)}`;

/** Registering for an account with a token that is not its own, as the machine of one of its nodes. */
async function registerQuestions(door: Client, { tokens }: Intruders, other: Ids): Promise<Question[]> {
  const { csrPem } = await createSigningRequest();
  const answer = refused(status.UNAUTHENTICATED, 'registration-refused');
  const attempts: [string, string, (ids: Ids) => string][] = [
    ['the other account’s token', tokens.other, ({ aid }) => aid],
    ['no token of anybody’s', unknownToken, ({ aid }) => aid],
    ['a token that is not of the account', tokens.own, () => other.aid],
  ];
  return attempts.flatMap(([what, token, aidOf]) =>
    ['node', 'cluster-agent'].map((agentKind) => ({
      name: `registration of a ${agentKind} with ${what}`,
      ask: (ids: Ids) => {
        const asked = { aid: aidOf(ids), token, csrPem, agentKind, machineId: ids.nid, os: 'x' };
        return outcome(callUnary(door, registerService.Register, asked, 10_000));
      },
      answer,
    })),
  );
}

/** Asks at both doors about this account's things and about nobody's: no answer may be another than that it is not. */
export async function intrudeByCalls(dev: Dev, intruders: Intruders, own: Ids, other: Ids) {
  const { stream, register, ca } = dev.agentGateway;
  const { cluster, node } = intruders.proofs;
  const clients = { 'cluster agent': agentClient(stream, cluster), node: agentClient(stream, node) };
  // The door asks for no certificate; one that is shown all the same opens nothing.
  const door = agentClient(register, { ...cluster, ca: await readFile(ca, 'utf8') });
  const questions = [
    ...Object.entries(clients).flatMap(([who, client]) => unaryQuestions(client, who)),
    ...nodeQuestions(intruders.node),
    strayQuestion(stream, cluster, 'NodeAgentStream', NodeAgentHeartbeatToServer),
    strayQuestion(stream, node, 'ClusterAgentStream', NodeAgentHeartbeatToServer),
    ...(await registerQuestions(door, intruders, other)),
  ];
  const wrong: string[] = [];
  try {
    for (const { name, ask, answer } of questions) {
      const [got, twin] = [await ask(own), await ask(missingIds)];
      if (!isDeepStrictEqual(got, twin))
        wrong.push(`${name}: ${say(got)} to another's things, ${say(twin)} to nobody's`);
      if (!isDeepStrictEqual(withoutWords(got), answer)) wrong.push(`${name}: ${say(got)}, not ${say(answer)}`);
    }
  } finally {
    [door, ...Object.values(clients)].forEach((client) => client.close());
  }
  return { tried: 2 * questions.length, wrong };
}

const say = (value: unknown): string => JSON.stringify(value);

/** What is refused is told by its code; the words only have to be the same for everybody. */
function withoutWords(got: unknown): unknown {
  if (typeof got !== 'object' || got === null || !('details' in got)) return got;
  const { details: _, ...rest } = got;
  return rest;
}
