const binary = ['Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;

/**
 * MiB as a canonical Kubernetes quantity: `2048` → `2Gi`, `1536` → `1536Mi`, `0` → `0`. Custom resources keep the sent
 * spelling, so another spelling would be reported as drift.
 */
export function mebibytes(amount: number): string {
  if (amount === 0) return '0';
  let value = amount;
  let power = 0;
  while (value % 1024 === 0 && power < binary.length - 1) {
    value /= 1024;
    power += 1;
  }
  return `${value}${binary[power]}`;
}

/** Millicores as a canonical Kubernetes quantity: `1000` → `1`, `1500` → `1500m`, `0` → `0`. */
export const millicores = (amount: number): string => (amount % 1000 === 0 ? String(amount / 1000) : `${amount}m`);
