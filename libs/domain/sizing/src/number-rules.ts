import type { ResourceNumbers } from './service-sizing.js';

/** One issue of a size request; `path` is the field. */
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
 * Maxima exceed any machine (1,024 cores, 64 TiB of memory, 1 PiB of storage). They keep quantities within the range
 * of Kubernetes and reject typing errors.
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

/** Issues for values that are not whole numbers within their range; absent values are skipped. */
export const rangeIssues = (request: Readonly<Partial<Record<NumberName, number>>>): SizeIssue[] =>
  numberNames.flatMap((path) => {
    const value = request[path];
    const { min, max, unit }: Range = numberRanges[path];
    if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return [];
    return [{ path, message: `${path} is ${value}; it must be a whole number of ${unit} from ${min} to ${max}` }];
  });

/** Issues for limits below their requests, reported at the requested field (the limit for both), once per field. */
export const orderIssues = (
  numbers: ResourceNumbers,
  requested: Partial<ResourceNumbers>,
  reported: ReadonlySet<string>,
): SizeIssue[] =>
  (
    [
      ['cpuRequestMc', 'cpuLimitMc'],
      ['memoryRequestMb', 'memoryLimitMb'],
    ] as const
  ).flatMap(([request, limit]) => {
    if (numbers[limit] >= numbers[request] || reported.has(request) || reported.has(limit)) return [];
    return [
      {
        path: requested[limit] === undefined ? request : limit,
        message: `${limit} ${numbers[limit]} is below ${request} ${numbers[request]}; a limit must be at least its request`,
      },
    ];
  });
