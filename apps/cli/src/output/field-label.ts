const names: Readonly<Record<string, string>> = {
  resourceRequirementClassId: 'class',
  createdAt: 'age',
  defaultClusterId: 'cluster',
  apiUrl: 'API',
  osid: 'OSID',
  jobId: 'job',
  rrcFlipHint: 'note',
};

/** Ends of names that are units of numbers: millicores and MiB. */
const units: Readonly<Record<string, string>> = { Mc: 'm', Mb: 'MiB' };

/** The words of a field: `currentStep` and `progress.currentStep` are "current step", `cpuLimitMc` is "CPU limit (m)". */
export function fieldLabel(name: string): string {
  const last = name.split('.').at(-1) ?? name;
  if (Object.hasOwn(names, last)) return names[last] ?? last;
  const unit = units[last.slice(-2)];
  const words = (unit === undefined ? last : last.slice(0, -2))
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[-_]/g, ' ')
    .toLowerCase()
    .replace(/\b(id|aid|cid|nid|api|cpu|url|osid)\b/g, (word) => word.toUpperCase());
  return unit === undefined ? words : `${words} (${unit})`;
}

/** For objects: a time is shown as one, and not as an age. */
export const objectLabel = (name: string): string => {
  const label = name.endsWith('createdAt') ? 'created at' : fieldLabel(name);
  return label.charAt(0).toUpperCase() + label.slice(1);
};
