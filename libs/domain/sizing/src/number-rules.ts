import type { ResourceNumbers } from './service-sizing.js';

/** One thing wrong with a wished size; `path` is the field. */
export interface SizeIssue {
  readonly path: string;
  readonly message: string;
}

interface Range {
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}

/**
 * Upper ends are beyond any machine (1,024 cores, 64 TiB of memory, 1 PiB of storage): they keep quantities within
 * what Kubernetes can count, and refuse typing errors.
 */
export const numberRanges = {
  replicas: { min: 1, max: 20, unit: 'replicas' },
  cpuRequestMc: { min: 0, max: 1_024_000, unit: 'millicores' },
  cpuLimitMc: { min: 1, max: 1_024_000, unit: 'millicores' },
  memoryRequestMb: { min: 0, max: 67_108_864, unit: 'MiB' },
  memoryLimitMb: { min: 1, max: 67_108_864, unit: 'MiB' },
  storageMb: { min: 1, max: 1_073_741_824, unit: 'MiB' },
} as const satisfies Record<string, Range>;

export type NumberName = keyof typeof numberRanges;
export const numberNames = Object.keys(numberRanges) as NumberName[];

/** Whole numbers within their range; says nothing about values that were not given. */
export const rangeIssues = (wish: Readonly<Partial<Record<NumberName, number>>>): SizeIssue[] =>
  numberNames.flatMap((path) => {
    const value = wish[path];
    const { min, max, unit }: Range = numberRanges[path];
    if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return [];
    return [{ path, message: `${path} is ${value}; it must be a whole number of ${unit} from ${min} to ${max}` }];
  });

/** A limit below its request, told at the field that was given (at the limit when both were); never twice at a field. */
export const orderIssues = (
  numbers: ResourceNumbers,
  given: Partial<ResourceNumbers>,
  toldAlready: ReadonlySet<string>,
): SizeIssue[] =>
  (
    [
      ['cpuRequestMc', 'cpuLimitMc'],
      ['memoryRequestMb', 'memoryLimitMb'],
    ] as const
  ).flatMap(([request, limit]) => {
    if (numbers[limit] >= numbers[request] || toldAlready.has(request) || toldAlready.has(limit)) return [];
    return [
      {
        path: given[limit] === undefined ? request : limit,
        message: `${limit} ${numbers[limit]} is below ${request} ${numbers[request]}; a limit must be at least its request`,
      },
    ];
  });
