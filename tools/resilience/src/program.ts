import { parseArgs } from 'node:util';

/** What a program prints, line by line. */
export const say = (line: string): void => void process.stdout.write(`${line}\n`);

type Options = Readonly<Record<string, number | string>>;
type Read<T extends Options> = { readonly [Name in keyof T]: T[Name] extends number ? number : string };

/**
 * A program's own options, each as by default unless `--name` says another: numbers where the default is one. The seed
 * that every program takes is said, for it makes a run the same again.
 */
export function optionsOf<T extends Options>(
  name: string,
  args: readonly string[],
  byDefault: T,
): Read<T> & { readonly seed: number } {
  const all = { ...byDefault, seed: Date.now() % 1_000_000 };
  const options = Object.fromEntries(
    Object.entries(all).map(([option, value]) => [option, { type: 'string' as const, default: String(value) }]),
  );
  const { values } = parseArgs({ args: [...args], options });
  const read = Object.entries(all).map(([option, value]) => {
    const text = String(values[option]);
    return [option, typeof value === 'number' ? Number(text) : text] as const;
  });
  const told = read.filter(([, value]) => value !== '').map(([option, value]) => `--${option} ${value}`);
  say(`the same again: ${[name, ...told].join(' ')}`);
  return Object.fromEntries(read) as Read<T> & { readonly seed: number };
}
