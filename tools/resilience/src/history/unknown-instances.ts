import { eventually, type PlaneClient, withSql } from '@runos/tool-e2e';
import { controlPlane, type DataFolder } from '@runos/tool-start';
import { storedRevisions, withCluster } from './stored-bundles.js';

/** A namespace with pods and volumes is deleted within this time, ms. */
const deletedWithinMs = 600_000;

/**
 * Deletes what the agent keeps of instances that were created after the backup, as the README describes it. Returns their
 * number.
 */
export const deleteUnknownInstances = (plane: PlaneClient, folder: DataFolder): Promise<number> =>
  withCluster(plane, async (cluster) => {
    const known = await knownOsids(plane);
    const unknown = [...(await storedRevisions(cluster)).keys()].filter((osid) => !known.has(osid));
    if (unknown.length === 0) return 0;
    await controlPlane(folder, 'stop', 'cluster-agent');
    try {
      for (const osid of unknown) {
        await cluster.delete({ apiVersion: 'v1', kind: 'Secret', namespace: 'runos', name: `bundle-${osid}` });
        await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: osid });
      }
      await eventually(
        'the namespaces of unknown instances to be deleted',
        async () => {
          const left = await Promise.all(
            unknown.map((name) => cluster.find({ apiVersion: 'v1', kind: 'Namespace', name })),
          );
          return left.every((namespace) => namespace === undefined);
        },
        deletedWithinMs,
      );
    } finally {
      await controlPlane(folder, 'start', 'cluster-agent');
    }
    return unknown.length;
  });

const knownOsids = async ({ info }: PlaneClient): Promise<ReadonlySet<string>> =>
  withSql(info.databaseUrl, async (sql) => {
    const { rows } = await sql.query<{ osid: string }>('SELECT osid FROM reconciler.instance');
    return new Set(rows.map(({ osid }) => osid));
  });
