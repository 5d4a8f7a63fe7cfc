import { mkdirSync } from 'node:fs';
import { freePort } from './services/free-port.js';
import { loadConfig, natsConfig, toEnvironment } from '@runos/config';
import { streamsUser } from '@runos/contracts';
import { StreamDeclarer } from '@runos/messaging';
import { createLogger } from '@runos/observability';
import { contractsOf, planeUsers, startNats, withPermissionsOf } from '@runos/testing-nats';
import { startPostgres } from '@runos/testing-postgres';
import { portIsFree } from '@runos/testing-process';
import { startBalancer } from './services/balancer.js';
import { type Builds } from './services/builds.js';
import { type DataFolder } from './data/data-folder.js';
import { type DevFile } from './data/dev-file.js';
import { migrateAll } from './services/migrate-all.js';
import { repository, type StartOptions } from './options.js';
import { type Processes } from './control/processes.js';
import { ensureSecrets, type Secrets } from './data/secrets.js';
import { type Ports, replicaName, services, type PlaneSettings } from './services/services.js';
import { startService } from './services/start-service.js';
import { type Terminal } from './terminal.js';

export interface PlaneContext {
  readonly options: StartOptions;
  readonly folder: DataFolder;
  readonly builds: Builds;
  readonly dev: DevFile;
  readonly processes: Processes;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** Starts PostgreSQL and NATS, creates secrets and chooses ports: everything that the services need. */
export async function startStores(context: PlaneContext): Promise<PlaneSettings> {
  const { folder, options } = context;
  const secrets = ensureSecrets(folder);
  mkdirSync(folder.in('pids'), { recursive: true, mode: 0o700 });
  const ports = await choosePorts(options);
  const replicaPorts = options.balanced ? await freePorts(options.replicas) : [ports];
  const [postgres, natsUrl] = await Promise.all([runPostgres(context), runNats(context, secrets)]);
  keepStreams(context, natsUrl, secrets);
  return { secrets, natsUrl, postgres, ports, replicaPorts, caFile: folder.in('agent-ca.crt') };
}

/** Runs the migrations, then every service; resolves when all services are ready. */
export async function startServices(context: PlaneContext, planeSettings: PlaneSettings): Promise<void> {
  const { folder, builds, dev, processes, options } = context;
  await migrateAll(context, planeSettings);
  const replicas = services.flatMap((plan) =>
    Array.from({ length: options.replicas }, (_, number) => ({
      plan,
      number,
      planeSettings,
      folder,
      builds,
      environment: options.environments[replicaName(plan, number)],
      onOps: dev.addOps,
    })),
  );
  await Promise.all(
    replicas.map((replica) =>
      processes.run(replicaName(replica.plan, replica.number), 'services', (until) => startService(replica, until)),
    ),
  );
}

/** Starts a balancer for each public endpoint, unless the only replica listens there itself. */
export async function startBalancers(
  { processes }: PlaneContext,
  { ports, replicaPorts }: PlaneSettings,
): Promise<void> {
  if (replicaPorts[0] === ports) return;
  const startAt = (endpoint: keyof Ports) =>
    startBalancer(
      ports[endpoint],
      replicaPorts.map((replica) => replica[endpoint]),
    );
  const [api, register, stream] = await Promise.all([startAt('api'), startAt('register'), startAt('stream')]);
  processes.addBalancers({ api, register, stream });
}

async function freePorts(replicas: number): Promise<Ports[]> {
  const one = async (): Promise<Ports> => ({
    api: await freePort(),
    register: await freePort(),
    stream: await freePort(),
  });
  return Promise.all(Array.from({ length: replicas }, one));
}

async function choosePorts({ port, agentPorts }: StartOptions): Promise<PlaneSettings['ports']> {
  const choose = async (requested: number, option: string): Promise<number> => {
    if (requested === 0) return freePort();
    if (await portIsFree(requested)) return requested;
    throw new Error(`Port ${requested} is in use by another program: stop it, or choose another port with ${option}.`);
  };
  return {
    api: await choose(port, '--port'),
    register: await choose(agentPorts.register, '--agent-ports'),
    stream: await choose(agentPorts.stream, '--agent-ports'),
  };
}

async function runPostgres({ folder, processes }: PlaneContext): Promise<PlaneSettings['postgres']> {
  let address: PlaneSettings['postgres'] | undefined;
  await processes.run('postgres', 'stores', async () => {
    const running = await startPostgres({ dataDir: folder.in('postgres'), port: address?.port });
    const { host, port, url } = running;
    address = { host, port, url };
    return running;
  });
  return address as PlaneSettings['postgres'] & {};
}

async function runNats(context: PlaneContext, secrets: Secrets): Promise<string> {
  const { folder, processes, terminal, signal, options } = context;
  let address: { port: number; url: string } | undefined;
  const own = planeUsers((user) => secrets.passwords[user]);
  // Processes of another build share the users until the next start without it.
  const users = options.from === repository ? own : withPermissionsOf(own, await contractsOf(options.from));
  await processes.run('nats', 'stores', async () => {
    const onProgress = terminal.printAbout('nats');
    const running = await startNats({ dataDir: folder.in('nats'), port: address?.port, users, onProgress, signal });
    address = { port: running.port, url: running.url };
    return running;
  });
  return address?.url ?? '';
}

/** Creates the streams in this process, which has the passwords of all users anyway, until everything stops. */
function keepStreams({ terminal, signal }: PlaneContext, natsUrl: string, { passwords }: Secrets): void {
  const settings = { natsUrl, natsUser: streamsUser, natsPassword: passwords[streamsUser] };
  const print = terminal.printAbout('nats');
  const destination = { write: (line: string) => print((JSON.parse(line) as { msg: string }).msg) };
  const logger = createLogger({ service: streamsUser, level: 'error', destination });
  const declarer = new StreamDeclarer({ config: loadConfig(natsConfig, toEnvironment(settings)), logger });
  signal.addEventListener('abort', () => void declarer.stop());
}
