import { CreateSchema1800000000001 } from './0001-create-schema.js';
import { AddParentOfApiKeys1800000000002 } from './0002-add-parent-of-api-keys.js';
import { DeriveParentsOfApiKeys1800000000003 } from './0003-derive-parents-of-api-keys.js';
import { IndexApiKeysByParent1800000000004 } from './0004-index-api-keys-by-parent.js';

/** In the order in which they run. */
export const migrations = [
  CreateSchema1800000000001,
  AddParentOfApiKeys1800000000002,
  DeriveParentsOfApiKeys1800000000003,
  IndexApiKeysByParent1800000000004,
];
