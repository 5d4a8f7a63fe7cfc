import { resourceNumberNames, type NumberName, numberRanges } from '@runos/sizing';
import type { InputField } from './service-type.js';

const both = ['create', 'update'] as const;
const atCreation = ['create'] as const;

const descriptions: Readonly<Record<NumberName, string>> = {
  replicas: 'how many replicas run; another number than the class has turns it custom',
  cpuRequestMc: 'CPU set aside, millicores',
  cpuLimitMc: 'CPU at most, millicores',
  memoryRequestMb: 'memory set aside, MiB',
  memoryLimitMb: 'memory at most, MiB',
  storageMb: 'storage of each replica, MiB; from the class unless given',
};

const number = (name: NumberName): InputField => ({
  name,
  kind: 'integer',
  when: both,
  min: numberRanges[name].min,
  max: numberRanges[name].max,
  description: descriptions[name],
});

/** The inputs of every service with storage. */
export const commonInputs: readonly InputField[] = [
  { name: 'name', kind: 'string', when: both, description: 'what people call it; defaults to the OSID' },
  { name: 'resourceRequirementClassId', kind: 'string', when: both, description: 'the class: replicas, CPU, memory' },
  ...resourceNumberNames.map(number),
  number('storageMb'),
  {
    name: 'driftPolicy',
    kind: 'string',
    when: both,
    options: ['repair', 'report'],
    description: 'whether foreign changes are undone or only reported',
  },
  { name: 'version', kind: 'string', when: atCreation, description: 'the version of the service' },
];

/** Additional inputs of a service with a config schema. */
export const configInputs: readonly InputField[] = [
  {
    name: 'configType',
    kind: 'string',
    when: atCreation,
    options: ['custom', 'config_set'],
    description: 'whether a config set applies',
  },
  { name: 'configSetId', kind: 'string', when: atCreation, description: 'the config set whose version is pinned' },
];
