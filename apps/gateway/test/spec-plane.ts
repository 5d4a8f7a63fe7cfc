import { Controller, Module, type Type } from '@nestjs/common';
import type { Operation } from '@runos/api';
import { loadConfig, serviceConfig, type Setting, toEnvironment } from '@runos/config';
import { type Actor, contracts, type RequestContract, type ServiceName } from '@runos/contracts';
import { Respond, type CallContext, type RunningService, startService } from '@runos/messaging';
import { createLogger } from '@runos/observability';
import { planeNats } from '@runos/testing-nats';
import { gateway } from '../src/gateway.js';
import { gatewayConfig } from '../src/gateway-config.js';
import { aid, jobId, principal, sampleAnswers, setId, token } from './sample-answers.js';

export interface Asked {
  readonly subject: string;
  readonly input: Record<string, unknown>;
  readonly tenant: string | undefined;
  readonly actor: Actor;
}

type Responder = (asked: Asked) => unknown;

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

/** A real gateway on a real NATS, whose other services answer whatever a spec says. */
export interface SpecPlane {
  readonly url: string;
  readonly gateway: RunningService;
  /** What was asked since the last `reset`. */
  readonly asked: Asked[];
  /** Answers this contract from now on; a Fault it throws travels as one. */
  answer(subject: string, responder: Responder): void;
  /** Forgets what was asked and answered otherwise. */
  reset(): void;
  /** Another service of the plane, for the events it tells. */
  service(name: ServiceName): RunningService;
  send(method: string, path: string, init?: RequestInit): Promise<Answer>;
  stop(): Promise<void>;
}

const owners = ['identity', 'catalog', 'config-sets', 'jobs', 'reconciler', 'agent-gateway'] as const;

export async function specPlane(settings: Record<string, Setting> = {}): Promise<SpecPlane> {
  const nats = await planeNats();
  const asked: Asked[] = [];
  const answers = new Map<string, Responder>();
  const respond = (one: Asked): unknown => {
    asked.push(one);
    return answers.get(one.subject)?.(one) ?? sampleAnswers[one.subject];
  };
  const logger = createLogger({ service: 'spec', level: 'silent' });
  const services = new Map<ServiceName, RunningService>();
  for (const name of owners) {
    const config = loadConfig(serviceConfig({}), toEnvironment(nats.settingsOf(name)));
    services.set(name, await startService({ name, module: () => moduleOf(name, respond) }, config, logger));
  }
  const own = { ...nats.settingsOf('gateway'), httpPort: 0, ...settings };
  const running = await startService(gateway, loadConfig(gatewayConfig, toEnvironment(own)), logger);
  const url = `http://127.0.0.1:${running.httpPort}`;
  return {
    url,
    gateway: running,
    asked,
    answer: (subject, responder) => void answers.set(subject, responder),
    reset: () => {
      asked.length = 0;
      answers.clear();
    },
    service: (name) => services.get(name) as RunningService,
    send: (method, path, init = {}) => send(method, url + path, init),
    stop: async () => {
      await running.stop();
      await Promise.all([...services.values()].map((service) => service.stop()));
      await nats.stop();
    },
  };
}

/** Answers every contract of one service through the same messaging as the real one. */
function moduleOf(owner: ServiceName, respond: Responder): Type {
  class Stand {}
  for (const contract of contracts) {
    if (contract.kind !== 'request' || contract.owner !== owner) continue;
    const method = (input: unknown, { tenant, actor }: CallContext) =>
      respond({ subject: contract.subject, input: input as Record<string, unknown>, tenant, actor });
    Object.defineProperty(Stand.prototype, contract.subject, { value: method, configurable: true, writable: true });
    const descriptor = Object.getOwnPropertyDescriptor(Stand.prototype, contract.subject);
    Respond(contract as RequestContract)(
      Stand.prototype,
      contract.subject,
      descriptor as TypedPropertyDescriptor<typeof method>,
    );
  }
  Controller()(Stand);
  @Module({ controllers: [Stand] })
  class Own {}
  return Own;
}

async function send(method: string, url: string, init: RequestInit): Promise<Answer> {
  const headers = new Headers(init.headers);
  if (!headers.has('authorization')) headers.set('authorization', `Bearer ${token}`);
  if (typeof init.body === 'string' && !headers.has('content-type')) headers.set('content-type', 'application/json');
  const response = await fetch(url, { ...init, method, headers });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers };
}

/** A path of an operation where everything it names exists. */
export function pathOf({ path }: Operation): string {
  const known: Record<string, string> = {
    aid,
    cid: 'ky3',
    nid: 'n0d3a',
    type: 'valkey',
    setId,
    wid: jobId,
    id: path.startsWith('/jobs') ? jobId : path.includes('api-keys') ? principal.keyId : 'valkey-abcde',
  };
  return path.replaceAll(/:(\w+)/g, (_, name: string) => known[name]);
}
