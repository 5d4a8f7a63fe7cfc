import {
  callUnary,
  type Envelope,
  openStream,
  refusalCodeOf,
  registerService,
  streamService,
} from '@runos/agent-protocol';
import { type Client, type MethodDefinition, type ServiceError, status, type StatusObject } from '@grpc/grpc-js';
import { withSql } from '@runos/tool-e2e';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { registrationClient } from '../agent/join-as-node.js';
import type { Target } from './target.js';

export interface RegistrationFindings {
  readonly tokens: number;
  /** The answers to invalid tokens, without repetitions. */
  readonly answers: readonly string[];
  /** Audit entries that the attack has written. */
  readonly audited: number;
  /** The growth of the metric of refused registrations. */
  readonly counted: number;
  /** Connections that the register port has not closed. */
  readonly open: readonly string[];
  /** Methods of authenticated agents that the register port did not refuse as unknown. */
  readonly served: readonly string[];
}

/** Attacks the register port as a caller that has no account, no token and no certificate, but knows an account id. */
export async function attackRegisterPort(target: Target, tokens: number): Promise<RegistrationFindings> {
  const [auditedBefore, countedBefore] = [await auditedRegistrations(target), await countedRefusals(target)];
  const answers = new Set<string>();
  const served: string[] = [];
  const client = await registrationClient(target);
  try {
    for (let n = 0; n < tokens; n += 1) answers.add(await answerTo(client, unknownToken(), target.aid));
    for (const [name, method] of methods) {
      const code = await codeOf(client, method);
      if (code !== status.UNIMPLEMENTED) served.push(`${name}: ${code}`);
    }
  } finally {
    client.close();
  }
  const open: string[] = [];
  for (const [name, bytes] of Object.entries(preambles)) if (!(await isClosed(target, bytes))) open.push(name);
  const audited = (await auditedRegistrations(target)) - auditedBefore;
  const counted = (await countedRefusals(target)) - countedBefore;
  return { tokens, answers: [...answers], audited, counted, open, served };
}

type Method = MethodDefinition<unknown, unknown>;

/** What agents do with a certificate: streams, renewals, and the reports of older agents. */
const methods = Object.entries(streamService as unknown as Readonly<Record<string, Method>>);

const codeOf = (client: Client, method: Method): Promise<unknown> =>
  method.requestStream
    ? new Promise((resolve) => {
        const stream = openStream(client, method as MethodDefinition<Envelope, Envelope>);
        stream.on('error', () => undefined).on('status', ({ code }: StatusObject) => resolve(code));
        stream.resume().end();
      })
    : callUnary(client, method, {}, 10_000).then(
        () => 'accepted',
        ({ code }: ServiceError) => code,
      );

/** A registration token in the right form that was never issued. */
const unknownToken = (): string =>
  `runos_reg_${randomBytes(6).toString('hex')}.${randomBytes(32).toString('base64url').slice(0, 43)}`;

async function answerTo(
  client: Awaited<ReturnType<typeof registrationClient>>,
  token: string,
  aid: string,
): Promise<string> {
  const request = { aid, token, csrPem: '', agentKind: 'node', machineId: 'unregistered', os: 'x' };
  return callUnary(client, registerService.Register, request, 10_000).then(
    () => 'accepted',
    ({ metadata, details }: ServiceError) => `${refusalCodeOf(metadata)}: ${details}`,
  );
}

/** First bytes of connections that are no TLS; the first two name another client to a server that trusts them. */
const preambles: Readonly<Record<string, Buffer>> = {
  'a forged PROXY header, version 1': Buffer.from('PROXY TCP4 203.0.113.7 203.0.113.1 1 9191\r\n'),
  'a forged PROXY header, version 2': Buffer.from('0d0a0d0a000d0a515549540a2111000ccb007107cb007101000123e7', 'hex'),
  'an HTTP request': Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  'random bytes': Buffer.alloc(4_096, 0xa5),
};

async function isClosed({ agentGateway }: Target, bytes: Buffer): Promise<boolean> {
  const [host, port] = agentGateway.register.split(':');
  const socket = connect(Number(port), host);
  socket.on('error', () => undefined).resume();
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(5_000) }).then(
    () => true,
    () => false,
  );
  socket.write(bytes);
  const isNowClosed = await closed;
  socket.destroy();
  return isNowClosed;
}

const auditedRegistrations = ({ databaseUrl }: Target): Promise<number> =>
  withSql(databaseUrl, async (sql) => {
    const { rows } = await sql.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM identity.audit_entry WHERE action = 'agent.register'`,
    );
    return rows[0]?.n ?? 0;
  });

async function countedRefusals({ ops }: Target): Promise<number> {
  const text = await (await fetch(`${String(ops['agent-gateway'])}/metrics`)).text();
  const count = /^runos_registrations_refused_total\{(?:[^}]*,)?token="unknown".*\} (\d+)/m.exec(text)?.[1];
  if (count === undefined) throw new Error('the agent gateway exports no count of refused registrations');
  return Number(count);
}
