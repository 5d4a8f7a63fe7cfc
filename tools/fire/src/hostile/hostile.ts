import { Plane } from '@runos/tool-e2e';
import { parseArgs } from 'node:util';
import { crowd, fuzzAgents, fuzzContracts, fuzzHttp } from './attack.js';
import { issueSecrets } from './issue-secrets.js';
import { grepDatabase, grepSecrets } from './secrets.js';
import { memoryOf } from './target.js';

/** Limits per token would turn the attack away before anything read it. */
export const unlimited = { RUNOS_WRITES_PER_MINUTE: '0', RUNOS_READS_PER_MINUTE: '0' };

/** `npm run fire -- hostile [--bodies 10000] [--seed N] [--connections 10000]`, on a plane of its own. */
export async function hostile(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      bodies: { type: 'string', default: '10000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      connections: { type: 'string', default: '10000' },
    },
  });
  const [bodies, seed] = [Number(values.bodies), Number(values.seed)];
  const say = (what: string, seen: unknown): void => {
    process.stdout.write(`${what}\n${JSON.stringify(seen, null, 2)}\n`);
  };
  const plane = await Plane.create();
  try {
    const dev = await plane.start('clusterReady', unlimited);
    const target = { ...dev, data: plane.data };
    say('hostile', { seed, bodies, memoryMiB: memoryOf(target) });
    const secrets = await issueSecrets(target);
    const http = await fuzzHttp(target, bodies, seed);
    say('HTTP operations', http);
    const contracts = await fuzzContracts(target, Math.ceil(bodies / 200), seed);
    say('NATS contracts', contracts);
    const agents = await fuzzAgents(target, Math.ceil(bodies / 5), seed);
    say('agents', agents);
    const crowds = await crowd(target, Number(values.connections), 10_000);
    say('crowds', crowds);
    const [files, database] = [grepSecrets(plane.data, secrets), await grepDatabase(target, secrets)];
    const found = [...files.found, ...database.found];
    say('secrets', {
      issued: secrets.length,
      files: files.files.length,
      columns: database.files.length,
      found,
    });
    const failed = crowds.filter((one) => one.failed > 0).map(({ attack }) => `reads failed under ${attack}`);
    const refused = [http, contracts].flatMap(({ findings, written }) => [...findings.wrong, ...written]);
    const wrong = [...refused, ...agents.unexpected, ...failed, ...found];
    say('afterwards', { memoryMiB: memoryOf(target), wrong: wrong.length });
    process.exitCode = wrong.length === 0 ? 0 : 1;
  } finally {
    await plane.remove();
  }
}
