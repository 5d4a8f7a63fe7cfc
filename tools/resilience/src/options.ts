import { parseArgs } from 'node:util';

/** Prints one line. */
export const print = (line: string): void => void process.stdout.write(`${line}\n`);

type Options = Readonly<Record<string, number | string>>;
type Read<T extends Options> = { readonly [Name in keyof T]: T[Name] extends number ? number : string };

/**
 * A program's options with their defaults; an option is a number when its default is one. Prints the seed, which is
 * random by default: with it the run can be repeated.
 */
export function optionsOf<T extends Options>(
  name: string,
  args: readonly string[],
  defaults: T,
): Read<T> & { readonly seed: number } {
  const all = { ...defaults, seed: Date.now() % 1_000_000 };
  const options = Object.fromEntries(
    Object.entries(all).map(([option, value]) => [option, { type: 'string' as const, default: String(value) }]),
  );
  const { values } = parseArgs({ args: [...args], options });
  const read = Object.entries(all).map(([option, value]) => {
    const text = String(values[option]);
    return [option, typeof value === 'number' ? Number(text) : text] as const;
  });
  const shown = read.filter(([, value]) => value !== '').map(([option, value]) => `--${option} ${value}`);
  print(`the same again: ${[name, ...shown].join(' ')}`);
  return Object.fromEntries(read) as Read<T> & { readonly seed: number };
}
