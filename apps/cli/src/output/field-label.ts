const names: Readonly<Record<string, string>> = {
  resourceRequirementClassId: 'class',
  createdAt: 'age',
  defaultClusterId: 'cluster',
  apiUrl: 'API',
  osid: 'OSID',
  jobId: 'job',
};

/** The words of a field: `currentStep` and `progress.currentStep` are "current step". */
export function fieldLabel(name: string): string {
  const last = name.split('.').at(-1) ?? name;
  if (Object.hasOwn(names, last)) return names[last] ?? last;
  return last
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[-_]/g, ' ')
    .toLowerCase()
    .replace(/\b(id|api|url|osid)\b/g, (word) => word.toUpperCase());
}

/** For objects: a time is shown as one, and not as an age. */
export const objectLabel = (name: string): string => {
  const label = name.endsWith('createdAt') ? 'created at' : fieldLabel(name);
  return label.charAt(0).toUpperCase() + label.slice(1);
};
