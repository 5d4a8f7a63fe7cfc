import { isTimeZone } from './time-zone.js';

const memoryUnits = { B: 1, kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 } as const;
const timeUnits = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The unit of a setting in `pg_settings`: `8kB` pages, `ms`, `s`. */
type MemoryUnit = keyof typeof memoryUnits | '8kB';
type TimeUnit = keyof typeof timeUnits;

/** A setting and its allowed values; `min` and `max` are in `unit`. Values are strings on the wire. */
export type ConfigKey =
  | { readonly kind: 'integer' | 'real'; readonly min: number; readonly max: number }
  | { readonly kind: 'memory'; readonly unit: MemoryUnit; readonly min: number; readonly max: number }
  | { readonly kind: 'time'; readonly unit: TimeUnit; readonly min: number; readonly max: number }
  | { readonly kind: 'switch' }
  | { readonly kind: 'choice'; readonly options: readonly string[] }
  | { readonly kind: 'timeZone' };

/** The settings whose values are amounts. */
type AmountKey = Exclude<ConfigKey, { kind: 'switch' | 'choice' | 'timeZone' }>;

const switchValues = ['on', 'off', 'true', 'false', 'yes', 'no', '1', '0'];

const isOn = (value: string): boolean => ['on', 'true', 'yes', '1'].includes(value);

const bytesOf = (unit: MemoryUnit): number => (unit === '8kB' ? 8192 : memoryUnits[unit]);

/** Parses `256MB`, `1.5 GB`, `-1`; without a unit, the setting's own applies. undefined for another form. */
function amountIn(value: string, units: Readonly<Record<string, number>>, base: number): number | undefined {
  const [, digits, unit] = /^(-?[0-9]{1,15}(?:\.[0-9]{1,6})?) ?([A-Za-z]{0,3})$/.exec(value) ?? [];
  if (digits === undefined) return undefined;
  if (unit === undefined || unit === '') return Number.isInteger(Number(digits)) ? Number(digits) : undefined;
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return factor === undefined ? undefined : Math.round((Number(digits) * factor) / base);
}

/** The bytes of a memory value; undefined for another form. */
export function memoryBytes(value: string, unit: MemoryUnit): number | undefined {
  const amount = amountIn(value, memoryUnits, bytesOf(unit));
  return amount === undefined ? undefined : amount * bytesOf(unit);
}

/** The amount of a value in the unit of its setting; undefined for another form. */
function amountOf(key: AmountKey, value: string): number | undefined {
  switch (key.kind) {
    case 'integer':
      return /^-?[0-9]{1,15}$/.test(value) ? Number(value) : undefined;
    case 'real':
      return /^-?[0-9]{1,15}(\.[0-9]{1,15})?(e-?[0-9]{1,2})?$/.test(value) ? Number(value) : undefined;
    case 'memory':
      return amountIn(value, memoryUnits, bytesOf(key.unit));
    case 'time':
      return amountIn(value, timeUnits, timeUnits[key.unit]);
  }
}

const expectation: Readonly<Record<'integer' | 'real' | 'memory' | 'time', string>> = {
  integer: 'a whole number',
  real: 'a number',
  memory: 'an amount like 256MB (B, kB, MB, GB or TB)',
  time: 'a time like 30s (us, ms, s, min, h or d)',
};

/** The allowed values of a setting, as a sentence. */
export function describeConfigKey(key: ConfigKey): string {
  switch (key.kind) {
    case 'switch':
      return 'on or off.';
    case 'choice':
      return `One of ${key.options.join(', ')}.`;
    case 'timeZone':
      return 'A name of the time zone database like Europe/Berlin.';
    default: {
      const [first = '', ...rest] = expectation[key.kind];
      const unit = 'unit' in key ? `, in units of ${key.unit}` : '';
      return `${first.toUpperCase()}${rest.join('')}. From ${key.min} to ${key.max}${unit}.`;
    }
  }
}

/** Why `value` is invalid, as a sentence with key, value and rule; undefined when it is valid. */
export function problemWithValue(key: ConfigKey, name: string, value: string): string | undefined {
  const shown = `${name} is "${value.slice(0, 64)}"`;
  switch (key.kind) {
    case 'switch':
      return switchValues.includes(value) ? undefined : `${shown}; it must be one of ${switchValues.join(', ')}`;
    case 'choice':
      return key.options.includes(value) ? undefined : `${shown}; it must be one of ${key.options.join(', ')}`;
    case 'timeZone':
      return isTimeZone(value) ? undefined : `${shown}; it must be a name of the time zone database like Europe/Berlin`;
    default: {
      const amount = amountOf(key, value);
      const unit = 'unit' in key ? ` ${key.unit}` : '';
      if (amount === undefined) return `${shown}; it must be ${expectation[key.kind]}`;
      return amount >= key.min && amount <= key.max
        ? undefined
        : `${shown}, that is ${amount}${unit}; it must be from ${key.min} to ${key.max}${unit}`;
    }
  }
}

/** Whether two valid values of a setting mean the same, such as `1GB` and `1024MB`, or `on` and `true`. */
export function isSameValue(key: ConfigKey | undefined, a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true;
  if (key === undefined || a === undefined || b === undefined) return false;
  if (key.kind === 'switch') return isOn(a) === isOn(b);
  return 'min' in key && amountOf(key, a) === amountOf(key, b);
}

/**
 * The amount of a valid value in the unit of its setting.
 * @throws Error for a setting or a value without an amount
 */
export function requireAmount(key: ConfigKey | undefined, value: string | undefined): number {
  const amount = key === undefined || value === undefined || !('min' in key) ? undefined : amountOf(key, value);
  if (amount === undefined)
    throw new Error(`"${value ?? ''}" is not an amount of ${key?.kind ?? 'an unknown setting'}`);
  return amount;
}
