import { type Addon as CatalogAddon } from '@runos/addons';
import type { Addon } from '@runos/api';
import { typesThatNeed } from '@runos/service-types';
import type { AddonReportRow } from './addon-repository.js';
import type { ManagedAddonRow } from './managed-addon-repository.js';

/** What the control plane knows of an add-on in a cluster. */
interface Knowledge {
  readonly report: AddonReportRow | undefined;
  readonly managed: ManagedAddonRow | undefined;
  readonly installable: boolean;
}

/** An add-on of the catalog in a cluster. Without a report about it its state is `unknown`. */
export function addonView({ name, title, version }: CatalogAddon, { report, managed, installable }: Knowledge): Addon {
  const detected = report?.addons.find((each) => each.name === name);
  const isPresent = detected?.present === true;
  const owner = detected?.ours ? 'runos' : 'user';
  return {
    name,
    title,
    state: detected === undefined ? 'unknown' : isPresent ? 'present' : 'missing',
    owner: isPresent ? owner : null,
    version: detected?.version ?? null,
    neededVersion: version,
    neededBy: typesThatNeed(name).map(({ type }) => type),
    installable,
    desired: managed?.desired ?? null,
    problem: managed?.problem ?? null,
    jobId: managed?.job_id ?? null,
    reportedAt: detected === undefined ? null : (report?.reported_at.toISOString() ?? null),
  };
}
