import { configOrExit } from '@runos/config';
import {
  createLogger,
  gauge,
  logWarnings,
  type OpsServer,
  opsServer,
  Readiness,
  startTelemetry,
} from '@runos/observability';
import { accessOf, ClusterAgent } from './cluster-agent.js';
import { clusterAgentConfig } from './cluster-agent-config.js';

/** EX_CONFIG: a supervisor need not try again with the same settings. */
const wrongSettings = 78;

const config = configOrExit(clusterAgentConfig);
const { aid } = config;
const logger = createLogger({ service: 'cluster-agent', level: config.logLevel, replica: config.holder }).child({
  aid,
});
logWarnings(logger);
const access = await accessOf(config).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(wrongSettings);
});
const { holder: replica, otlpEndpoint, traceRatio } = config;
const telemetry = await startTelemetry({ service: 'cluster-agent', replica, otlpEndpoint, traceRatio });
const agent = new ClusterAgent({ config, logger }, access);
const ops = await serveOps();

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    Promise.all([agent.stop(), ops?.stop()])
      .then(() => telemetry.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.fatal({ err: error }, 'did not stop cleanly');
          process.exit(1);
        },
      );
  });
}

/** Ready without the plane as well: repairs go on, and nothing is sent here that could go elsewhere. */
async function serveOps(): Promise<OpsServer | undefined> {
  if (config.opsPort === undefined) return undefined;
  const readiness = new Readiness();
  readiness.need(
    'lease',
    () => agent.active || 'another agent of this cluster has it, or Kubernetes cannot be reached',
  );
  gauge('runos_ready', () => [{ value: agent.active ? 1 : 0, labels: { service: 'cluster-agent' } }]);
  return opsServer({ host: config.opsHost, port: config.opsPort, readiness: () => readiness.report() });
}
