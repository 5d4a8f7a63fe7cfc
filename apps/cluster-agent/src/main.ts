import { configOrExit } from '@runos/config';
import { createLogger, gauge, logWarnings, type OpsServer, opsServer, startTelemetry } from '@runos/observability';
import { agentReadiness } from './readiness/agent-readiness.js';
import { ClusterAgent, clusterAccessOf } from './cluster-agent.js';
import { clusterAgentConfig } from './config.js';

/** EX_CONFIG of sysexits.h: a restart with the same settings cannot help. */
const configExitCode = 78;

const config = configOrExit(clusterAgentConfig);
const { aid } = config;
const logger = createLogger({ service: 'cluster-agent', level: config.logLevel, replica: config.holder }).child({
  aid,
});
logWarnings(logger);
const access = await clusterAccessOf(config).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(configExitCode);
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
          logger.fatal({ err: error }, 'shutdown failed');
          process.exit(1);
        },
      );
  });
}

/** An agent is ready without the plane too: it keeps repairing, and there is no other agent to send requests to. */
async function serveOps(): Promise<OpsServer | undefined> {
  if (config.opsPort === undefined) return undefined;
  const readiness = agentReadiness(agent);
  const isReady = () => (agent.isActive || agent.awaitedHolder !== undefined) && agent.problems.length === 0;
  gauge('runos_ready', () => [{ value: isReady() ? 1 : 0, labels: { service: 'cluster-agent' } }]);
  return opsServer({ host: config.opsHost, port: config.opsPort, readiness: () => readiness.report() });
}
