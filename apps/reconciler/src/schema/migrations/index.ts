import { CreateSchema1800000000001 } from './0001-create-schema.js';
import { IndexInstancesByOsid1800000000002 } from './0002-index-instances-by-osid.js';
import { AddClusterAddons1800000000003 } from './0003-add-cluster-addons.js';
import { AddUpgradeWaves1800000000004 } from './0004-add-upgrade-waves.js';
import { AddStatusOrder1800000000005 } from './0005-add-status-order.js';
import { IndexEventsByTime1800000000006 } from './0006-index-events-by-time.js';
import { CountRedeliveries1800000000007 } from './0007-count-redeliveries.js';
import { AddDivergence1800000000008 } from './0008-add-divergence.js';
import { AddStatusHash1800000000009 } from './0009-add-status-hash.js';
import { AddHistoryStart1800000000010 } from './0010-add-history-start.js';
import { AddDeletedInstances1800000000011 } from './0011-add-deleted-instances.js';
import { AddDuplicateIdentities1800000000012 } from './0012-add-duplicate-identities.js';
import { KeepNodeReports1800000000013 } from './0013-keep-node-reports.js';
import { AddReportedState1800000000014 } from './0014-add-reported-state.js';
import { AddDeletedConfigSets1800000000015 } from './0015-add-deleted-config-sets.js';
import { AddVolumeCapacity1800000000016 } from './0016-add-volume-capacity.js';
import { KeepAgentProblems1800000000017 } from './0017-keep-agent-problems.js';
import { NumberAddonReports1800000000018 } from './0018-number-addon-reports.js';
import { KeepForeignAgents1800000000019 } from './0019-keep-foreign-agents.js';
import { AddClusterWriters1800000000020 } from './0020-add-cluster-writers.js';
import { AcceptDataLoss1800000000021 } from './0021-accept-data-loss.js';
import { AddApps1800000000022 } from './0022-add-apps.js';
import { AddNodeTags1800000000023 } from './0023-add-node-tags.js';
import { AddRegistries1800000000024 } from './0024-add-registries.js';
import { AddAutoRollback1800000000025 } from './0025-add-auto-rollback.js';
import { AddRefusedCredentials1800000000026 } from './0026-add-refused-credentials.js';

/** In the order in which they run. */
export const migrations = [
  CreateSchema1800000000001,
  IndexInstancesByOsid1800000000002,
  AddClusterAddons1800000000003,
  AddUpgradeWaves1800000000004,
  AddStatusOrder1800000000005,
  IndexEventsByTime1800000000006,
  CountRedeliveries1800000000007,
  AddDivergence1800000000008,
  AddStatusHash1800000000009,
  AddHistoryStart1800000000010,
  AddDeletedInstances1800000000011,
  AddDuplicateIdentities1800000000012,
  KeepNodeReports1800000000013,
  AddReportedState1800000000014,
  AddDeletedConfigSets1800000000015,
  AddVolumeCapacity1800000000016,
  KeepAgentProblems1800000000017,
  NumberAddonReports1800000000018,
  KeepForeignAgents1800000000019,
  AddClusterWriters1800000000020,
  AcceptDataLoss1800000000021,
  AddApps1800000000022,
  AddNodeTags1800000000023,
  AddRegistries1800000000024,
  AddAutoRollback1800000000025,
  AddRefusedCredentials1800000000026,
];
