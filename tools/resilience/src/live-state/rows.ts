import type { Row } from './row.js';
import { agentRows } from './rows/agents.js';
import { customResourceRows } from './rows/custom-resources.js';
import { driftRows } from './rows/drift.js';
import { nodeRows } from './rows/nodes.js';
import { ownershipRows } from './rows/ownership.js';
import { policyRows } from './rows/policies.js';
import { refusalRows } from './rows/refusals.js';
import { storageRows } from './rows/storage.js';

/** Every row. */
export const rows: readonly Row[] = [
  ...storageRows,
  ...driftRows,
  ...policyRows,
  ...refusalRows,
  ...ownershipRows,
  ...agentRows,
  ...nodeRows,
  ...customResourceRows,
];
