/** Flags whose names differ from those of their fields. */
const renamed: Readonly<Record<string, string>> = {
  sourcePgOsid: 'source-osid',
  sourceDatabase: 'source-db',
  targetDatabase: 'target-db',
  NODE_NID: 'nid',
};

/** `minIOOsid` → `min-io-osid`, `shared_buffers` → `shared-buffers`. */
export const flagName = (field: string): string =>
  renamed[field] ??
  field
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .replaceAll(/[_.]/g, '-')
    .toLowerCase();
