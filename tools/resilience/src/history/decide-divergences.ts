import type { KubeClient } from '@runos/kube-client';
import { eventually, type PlaneClient, withSql } from '@runos/tool-e2e';
import type { Client } from 'pg';
import { LedgerClient } from '../load/ledger-client.js';
import type { Ledger } from '../load/ledger.js';
import { storedRevisions, withCluster } from './stored-bundles.js';

interface DesiredInstance {
  readonly osid: string;
  readonly type: string;
  readonly iid: string;
  readonly revision: number;
  readonly digest: string;
  readonly diverged: boolean;
  readonly healthy: boolean;
  readonly busy: boolean;
}

/** A plane and an agent that do not agree by then never will, also on a busy machine, ms. */
const agreedWithinMs = 600_000;

const describe = ({ osid, diverged, healthy, busy }: DesiredInstance): string =>
  `${osid} ${diverged ? 'diverged' : healthy ? 'not as stored' : 'not healthy'}${busy ? ', busy' : ''}`;

/**
 * Decides about each instance whose agent stores a revision that the plane has lost, until plane and agent agree about all. Returns
 * the number of decisions.
 * @throws Error that names the instances about which they do not agree in time
 */
export async function decideDivergences(plane: PlaneClient, ledger: Ledger, choose: () => boolean): Promise<number> {
  const client = new LedgerClient(plane, ledger, `accept-${ledger.history.restores.length}`);
  let open: readonly DesiredInstance[] = [];
  let decisions = 0;
  await withCluster(plane, (cluster) =>
    withSql(plane.info.databaseUrl, (sql) =>
      eventually(
        'plane and agent to agree about each instance',
        async () => {
          open = await disagreeing(sql, cluster);
          for (const { osid, type, iid, diverged, busy } of open) {
            if (!diverged || busy) continue;
            const collection = type === 'app' ? plane.apps : `${plane.services}/${type}`;
            const path = `${collection}/${iid}/accept`;
            const desired = choose() ? 'plane' : 'cluster';
            const { answer } = await client.send('POST', path, { desired }, [404, 409]);
            // The spec of the cluster is not known if its bundle was delivered without one.
            if (answer.status === 409) await client.send('POST', path, { desired: 'plane' }, [404, 409]);
            decisions += 1;
            if (answer.status === 404) throw new Error(`${osid} was diverged and is not found`);
          }
          return open.length === 0;
        },
        agreedWithinMs,
      ),
    ),
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${open.map(describe).join('; ')}`, { cause: error });
  });
  return decisions;
}

/** The instances that are not settled: diverged, not healthy, with an open job, or stored in another revision. */
async function disagreeing(sql: Client, cluster: KubeClient): Promise<DesiredInstance[]> {
  const { rows } = await sql.query<DesiredInstance>(
    `SELECT i.osid, i.type, i.iid, i.revision, r.digest, i.diverged IS NOT NULL AS diverged, i.state = 'healthy' AS healthy,
       EXISTS (SELECT 1 FROM reconciler.job_ref j WHERE j.instance_id = i.id AND j.outcome IS NULL) AS busy
     FROM reconciler.instance i JOIN reconciler.revision r ON r.instance_id = i.id AND r.revision = i.revision`,
  );
  const stored = await storedRevisions(cluster);
  return rows.filter(({ osid, revision, digest, diverged, healthy, busy }) => {
    const bundle = stored.get(osid);
    return diverged || !healthy || busy || bundle?.revision !== revision || bundle.digest !== digest;
  });
}
