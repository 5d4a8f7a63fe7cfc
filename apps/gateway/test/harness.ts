import { Controller, type INestApplication, Module, type Type } from '@nestjs/common';
import type { Operation } from '@runos/api';
import { loadConfig, serviceConfig, type Setting, toEnvironment } from '@runos/config';
import { type Actor, contracts, type RequestContract, type ServiceName } from '@runos/contracts';
import { type Bus, Respond, type CallContext, type RunningService, startService } from '@runos/messaging';
import { createLogger } from '@runos/observability';
import { planeNats } from '@runos/testing-nats';
import type { Server } from 'node:http';
import { gatewayService } from '../src/module.js';
import { gatewayConfig } from '../src/config.js';
import { registryId } from './sample-registry.js';
import { aid, jobId, principal, sampleReplies, setId, token, upgradeId } from './sample-replies.js';

export interface ReceivedRequest {
  readonly subject: string;
  readonly input: Record<string, unknown>;
  readonly tenant: string | undefined;
  readonly actor: Actor;
}

type Responder = (request: ReceivedRequest) => unknown;

export interface HttpResponse {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

/** A real gateway on a real NATS. The other services are fakes with replies that a spec chooses. */
export interface GatewayHarness {
  readonly url: string;
  readonly gateway: RunningService;
  /** Requests to other services since the last `reset`. */
  readonly received: ReceivedRequest[];
  /** Replies to this subject from now on; a thrown Fault is sent as one. */
  reply(subject: string, responder: Responder): void;
  /** Clears received requests and chosen replies. */
  reset(): void;
  /** A fake service, to publish its events. */
  service(name: ServiceName): RunningService;
  send(method: string, path: string, init?: RequestInit): Promise<HttpResponse>;
  /** Restarts NATS; resolves when the gateway and every fake service are connected again. */
  restartNats(): Promise<void>;
  stop(): Promise<void>;
}

const owners = ['identity', 'catalog', 'config-sets', 'jobs', 'reconciler', 'agent-gateway'] as const;

export async function startHarness(settings: Record<string, Setting> = {}): Promise<GatewayHarness> {
  const nats = await planeNats();
  const received: ReceivedRequest[] = [];
  const replies = new Map<string, Responder>();
  const respond = (request: ReceivedRequest): unknown => {
    received.push(request);
    return replies.get(request.subject)?.(request) ?? sampleReplies[request.subject];
  };
  const logger = createLogger({ service: 'spec', level: 'silent' });
  const services = new Map<ServiceName, RunningService>();
  for (const name of owners) {
    const config = loadConfig(serviceConfig({}), toEnvironment(nats.settingsOf(name)));
    services.set(name, await startService({ name, module: () => moduleOf(name, respond) }, config, logger));
  }
  const settingsOfGateway = { ...nats.settingsOf('gateway'), httpPort: 0, ...settings };
  const running = await startService(
    gatewayService,
    loadConfig(gatewayConfig, toEnvironment(settingsOfGateway)),
    logger,
  );
  const url = `http://127.0.0.1:${running.httpPort}`;
  return {
    url,
    gateway: running,
    received,
    reply: (subject, responder) => void replies.set(subject, responder),
    reset: () => {
      received.length = 0;
      replies.clear();
    },
    service: (name) => services.get(name) as RunningService,
    send: (method, path, init = {}) => send(method, url + path, init),
    restartNats: async () => {
      const reconnected = [running, ...services.values()].map(({ bus }) => nextConnection(bus));
      await nats.restart();
      await Promise.all(reconnected);
    },
    stop: async () => {
      // Those of this process would stay open for a while.
      ((running.app as INestApplication).getHttpServer() as Server).closeIdleConnections();
      await running.stop();
      await Promise.all([...services.values()].map((service) => service.stop()));
      await nats.stop();
    },
  };
}

/** Replies to every contract of one service through the real messaging. */
function moduleOf(owner: ServiceName, respond: Responder): Type {
  class FakeController {}
  for (const contract of contracts) {
    if (contract.kind !== 'request' || contract.owner !== owner) continue;
    const method = (input: unknown, { tenant, actor }: CallContext) =>
      respond({ subject: contract.subject, input: input as Record<string, unknown>, tenant, actor });
    Object.defineProperty(FakeController.prototype, contract.subject, {
      value: method,
      configurable: true,
      writable: true,
    });
    const descriptor = Object.getOwnPropertyDescriptor(FakeController.prototype, contract.subject);
    Respond(contract as RequestContract)(
      FakeController.prototype,
      contract.subject,
      descriptor as TypedPropertyDescriptor<typeof method>,
    );
  }
  Controller()(FakeController);
  @Module({ controllers: [FakeController] })
  class FakeModule {}
  return FakeModule;
}

const nextConnection = (bus: Bus): Promise<void> =>
  new Promise((resolve) => {
    const unsubscribe = bus.onConnect(() => {
      unsubscribe();
      resolve();
    });
  });

async function send(method: string, url: string, init: RequestInit): Promise<HttpResponse> {
  const headers = new Headers(init.headers);
  if (!headers.has('authorization')) headers.set('authorization', `Bearer ${token}`);
  if (typeof init.body === 'string' && !headers.has('content-type')) headers.set('content-type', 'application/json');
  const response = await fetch(url, { ...init, method, headers });
  const text = await response.text();
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: response.status, body, headers: response.headers };
}

/** A path of the operation with the ids of existing resources. */
export function pathOf({ path }: Operation): string {
  const known: Record<string, string> = {
    aid,
    cid: 'ky3',
    nid: 'n0d3a',
    key: 'jobs',
    type: 'valkey',
    setId,
    wid: jobId,
    revision: '1',
    filename: 'ca.pem',
    overrideId: setId,
    id: 'valkey-abcde',
    ...(path.startsWith('/:aid/:cid/apps') && { id: 'app-abcde' }),
    ...(path.startsWith('/jobs') && { id: jobId }),
    ...(/api-keys|registration-tokens/.test(path) && { id: principal.keyId }),
    ...(path.startsWith('/:aid/registries') && { id: registryId }),
    ...(path.startsWith('/:aid/upgrades') && { id: upgradeId }),
  };
  return path.replaceAll(/:(\w+)/g, (_, name: string) => known[name] ?? name);
}
