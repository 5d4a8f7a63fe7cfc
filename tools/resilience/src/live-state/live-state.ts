import { parseArgs } from 'node:util';
import { probeRealNodes } from '@runos/testing-kube';
import { eventually, Plane, PlaneClient, readPlaneInfo, unlimited } from '@runos/tool-e2e';
import { buildRealNodes } from '@runos/tool-start';
import { print } from '../options.js';
import type { Row, Stage } from './row.js';
import { rows } from './rows.js';
import { type Finding, RowResult } from './row-result.js';

/** Half a minute on a machine without other load. */
const clusterStartMs = 600_000;

/**
 * `npm run resilience -- live-state [--nodes real|simulated] [--rows F1,F2]`: what operators meet in live clusters, each
 * input with what is seen and what is right. Exits with 1 if a row is wrong.
 */
export async function liveState(args: readonly string[]): Promise<void> {
  const defaults = { nodes: probeRealNodes().possible ? 'real' : 'simulated', rows: rows.map(({ id }) => id).join() };
  const options = {
    nodes: { type: 'string', default: defaults.nodes },
    rows: { type: 'string', default: defaults.rows },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const requested = new Set(values.rows.split(','));
  const chosen = rows.filter(({ id }) => requested.has(id));
  if (chosen.length < requested.size) throw new Error(`there is no such row; there are ${defaults.rows}`);
  const wrong = await runRows(chosen, values.nodes);
  print(wrong.length === 0 ? `${chosen.length} rows, all right` : `${chosen.length} rows, wrong: ${wrong.join(', ')}`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

/** What takes ten minutes by default, so that a row need not wait for it. */
const settings = { ...unlimited, RUNOS_DELETION_BLOCKED_AFTER_MS: '10000', RUNOS_OWNERSHIP_QUIET_MS: '5000' };

/** Runs the rows in a plane and a cluster of their own. Returns the ids of the rows that are wrong. */
export async function runRows(chosen: readonly Row[], nodes: string): Promise<string[]> {
  const hasRealNodes = nodes === 'real';
  if (hasRealNodes) await buildRealNodes({ onProgress: print });
  const plane = await Plane.create();
  try {
    await plane.start('ready', settings, '--nodes', nodes);
    await eventually(
      'the cluster to be connected',
      async () => {
        return (await readPlaneInfo(plane.data)).clusterReady;
      },
      clusterStartMs,
    );
    const stage = { plane: await PlaneClient.connect(plane.data), data: plane.data, hasRealNodes };
    const together = chosen.filter(({ isAlone }) => !isAlone);
    const results = await Promise.all(together.map((row) => runRow(row, stage)));
    const wrong = together.filter((_, index) => !results[index]).map(({ id }) => id);
    for (const row of chosen) if (row.isAlone && !(await runRow(row, stage))) wrong.push(row.id);
    return wrong;
  } finally {
    await plane.remove();
  }
}

async function runRow(row: Row, stage: Stage): Promise<boolean> {
  const result = new RowResult();
  await row.run(stage, result).catch((cause: unknown) => result.fail(cause));
  print(`${result.isRight ? 'right' : 'WRONG'} ${row.id}: ${row.input}`);
  for (const finding of result.findings) print(`  ${line(finding)}`);
  return result.isRight;
}

const shortened = (text: string): string => (text.length > 400 ? `${text.slice(0, 400)}…` : text);

const line = ({ what, seen, right, isRight }: Finding): string =>
  isRight ? `${what}: ${shortened(seen)}` : `WRONG ${what}: seen ${shortened(seen)}; right ${right}`;
