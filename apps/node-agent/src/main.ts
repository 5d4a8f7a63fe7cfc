import { createLogger, logWarnings, startTelemetry } from '@runos/observability';
import { startNodeAgent } from './node-agent.js';
import { readConfig } from './config.js';

/** EX_CONFIG of sysexits.h: a supervisor need not restart the agent with the same settings. */
const configExitCode = 78;

function configOrExit() {
  try {
    return readConfig(process.argv.slice(2), process.env);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(configExitCode);
  }
}

const config = configOrExit();
const logger = createLogger({ service: 'node-agent', level: config.logLevel }).child({ aid: config.aid });
logWarnings(logger);
const { otlpEndpoint, traceRatio } = config;
const telemetry = await startTelemetry({ service: 'node-agent', otlpEndpoint, traceRatio });
const session = await startNodeAgent(config, logger).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(configExitCode);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    session
      .stop()
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
process.on('SIGUSR2', () => {
  session.renew().catch((error: unknown) => logger.error({ err: error }, 'the certificate could not be renewed'));
});
