import { parseArgs } from 'node:util';

/** A benchmark's own numbers, each unless `--name N` says another. */
export function numbersOf<Name extends string>(
  args: readonly string[],
  byDefault: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const own = Object.entries<number>(byDefault);
  const options = Object.fromEntries(own.map(([name]) => [name, { type: 'string' as const }]));
  const { values } = parseArgs({ args: [...args], options, strict: false });
  return Object.fromEntries(own.map(([name, number]) => [name, Number(values[name] ?? number)])) as Record<
    Name,
    number
  >;
}
