import { describe, expect, it } from '@jest/globals';
import { refKey } from '@runos/kube-objects';
import { createLogger } from '@runos/observability';
import { emptyRecord } from '../bundles/bundle-record.js';
import { KindCatalogs } from '../bundles/kind-catalogs.js';
import { WatchFailures } from '../informers/watch-failures.js';
import { Instance } from '../instances/instance.js';
import type { StatusReport } from './plane-client.js';
import { StatusReporter } from './status-reporter.js';

const catalogs = new KindCatalogs(createLogger({ service: 'cluster-agent', level: 'silent' }));
const instanceOf = (osid: string) => new Instance({ ...emptyRecord(osid), revision: 1, removing: true }, catalogs);

describe('reported statuses', () => {
  const reports: StatusReport[] = [];
  const reporter = new StatusReporter(
    { sendStatus: (report) => void reports.push(report), resync: () => Promise.resolve({ equal: true }) },
    new WatchFailures(),
    () => undefined,
  );

  it('are numbered in the order in which they are composed, over all instances', () => {
    const [first, second] = [instanceOf('valkey-aaaaa'), instanceOf('valkey-bbbbb')];
    reporter.start();
    reporter.report(first);
    reporter.report(second);
    reporter.reportAgain(first);
    expect(reports.map(({ status: { osid, sequence } }) => [osid, sequence])).toEqual([
      ['valkey-aaaaa', 1],
      ['valkey-bbbbb', 2],
      ['valkey-aaaaa', 3],
    ]);
  });

  it('do not exist for an instance whose first bundle is being stored', () => {
    reports.length = 0;
    reporter.reportAgain(new Instance(emptyRecord('valkey-ddddd'), catalogs));
    expect(reports).toEqual([]);
  });

  it('exist for a removal, although its objects have not been listed since a restart of the agent', () => {
    const osid = 'valkey-eeeee';
    const secret = { apiVersion: 'v1', kind: 'Secret', namespace: osid, name: osid };
    const applied = { [refKey(secret)]: { uid: 'u', ownedHash: 'o', desiredHash: 'd' } };
    const record = { ...emptyRecord(osid), revision: 1, inventory: [secret], checkpoint: { applied } };
    const instance = new Instance(record, catalogs);
    instance.observeBundle(new Map([[refKey(secret), { ...secret, metadata: { name: osid, namespace: osid } }]]));
    reports.length = 0;
    reporter.report(instance);
    expect(reports).toEqual([]);
    instance.recordStored({ ...record, revision: 2, removing: true });
    reporter.report(instance);
    expect(reports).toMatchObject([{ status: { osid, phase: 'deleting' } }]);
  });

  it('are not repeated because of their number alone', () => {
    const instance = instanceOf('valkey-ccccc');
    reports.length = 0;
    for (let n = 0; n < 3; n += 1) reporter.report(instance);
    expect(reports).toHaveLength(1);
  });
});
