import { configOrExit, natsSettings, processSettings } from '@runos/config';
import { streamsUser } from '@runos/contracts';
import { createLogger, opsServer, Readiness } from '@runos/observability';
import { z } from 'zod';
import { StreamDeclarer } from './stream-declarer.js';

// The program that creates the streams and keeps them until SIGTERM. With `--once` it exits when they exist.
const config = configOrExit(z.object({ ...processSettings, ...natsSettings }));
const logger = createLogger({ service: streamsUser, level: config.logLevel, replica: config.replicaId });
const declarer = new StreamDeclarer({ config, logger });
const readiness = new Readiness();
readiness.need('jetstream', () => declarer.problem ?? true);

async function end(): Promise<never> {
  await declarer.stop();
  process.exit(0);
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end());
if (process.argv.includes('--once')) {
  await declarer.created;
  await end();
}
await opsServer({ host: config.opsHost, port: config.opsPort, readiness: () => readiness.report() });
