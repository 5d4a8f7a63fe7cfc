import { type Addon as CatalogAddon } from '@runos/addons';
import type { Addon } from '@runos/api';
import { typesThatNeed } from '@runos/service-types';
import type { AddonReportRow } from './addon-report-repository.js';
import type { ClusterAddonRow } from './cluster-addon-repository.js';

/** What the control plane knows of an add-on in a cluster. */
interface Knowledge {
  readonly report: AddonReportRow | undefined;
  readonly managed: ClusterAddonRow | undefined;
  readonly installable: boolean;
}

/** The state of an add-on in the last report. Without a report about it the state is `unknown`. */
export function detectionOf(
  { name }: CatalogAddon,
  report: AddonReportRow | undefined,
): Pick<Addon, 'state' | 'owner' | 'version' | 'reportedAt'> {
  const detected = report?.addons.find((each) => each.name === name);
  if (report === undefined || detected === undefined) {
    return { state: 'unknown', owner: null, version: null, reportedAt: null };
  }
  const { present, ours, version } = detected;
  const owner = ours ? 'runos' : 'user';
  return {
    state: present ? 'present' : 'missing',
    owner: present ? owner : null,
    version,
    reportedAt: report.reported_at.toISOString(),
  };
}

/** An add-on of the catalog in a cluster. */
export const addonView = (addon: CatalogAddon, { report, managed, installable }: Knowledge): Addon => ({
  name: addon.name,
  title: addon.title,
  ...withAppliedVersion(detectionOf(addon, report), managed),
  neededVersion: addon.version,
  neededBy: typesThatNeed(addon.name).map(({ type }) => type),
  installable,
  desired: managed?.desired ?? null,
  problem: managed?.problem ?? report?.addons.find((each) => each.name === addon.name)?.problem ?? null,
  jobId: managed?.job_id ?? null,
});

/** CRDs alone show no version, so it is the one that RunOS has applied. */
function withAppliedVersion(detection: ReturnType<typeof detectionOf>, managed: ClusterAddonRow | undefined) {
  const { owner, version } = detection;
  return owner === 'runos' ? { ...detection, version: version ?? managed?.applied_version ?? null } : detection;
}
