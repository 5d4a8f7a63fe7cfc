import { canonicalJson, isMap } from '@runos/kube-objects';

/** The identity of an item: the value of the merge key, or the scalar itself. */
export type IdentityOf = (item: unknown) => string;

/** By a merge key, or by value without one. */
export const identityBy =
  (key: string | undefined): IdentityOf =>
  (item) =>
    canonicalJson((key !== undefined && isMap(item) ? item[key] : item) ?? null);

/**
 * The items of a merged list in their order: those that `order` names have its order, the others that of the object
 * before. An item of the object stays before an item of the patch only where it was before it already.
 */
export function inOrder(
  merged: readonly unknown[],
  order: readonly unknown[],
  before: readonly unknown[],
  identityOf: IdentityOf,
): unknown[] {
  const wanted = positions(order, identityOf);
  const earlier = positions(before, identityOf);
  const isNamed = (item: unknown): boolean => wanted.has(identityOf(item));
  const named = sortedBy(merged.filter(isNamed), wanted, identityOf);
  const others = sortedBy(
    merged.filter((item) => !isNamed(item)),
    earlier,
    identityOf,
  );
  const result: unknown[] = [];
  while (named.length > 0 && others.length > 0) {
    const [other, next] = [earlier.get(identityOf(others[0])), earlier.get(identityOf(named[0]))];
    const isOtherFirst = other !== undefined && next !== undefined && other < next;
    result.push((isOtherFirst ? others : named).shift());
  }
  return [...result, ...named, ...others];
}

type Positions = ReadonlyMap<string, number>;

function positions(items: readonly unknown[], identityOf: IdentityOf): Positions {
  const found = new Map<string, number>();
  items.forEach((item, index) => {
    if (!found.has(identityOf(item))) found.set(identityOf(item), index);
  });
  return found;
}

/** Items without a position keep their order, behind the others. */
const sortedBy = (items: readonly unknown[], by: Positions, identityOf: IdentityOf): unknown[] =>
  [...items].sort((a, b) => (by.get(identityOf(a)) ?? by.size) - (by.get(identityOf(b)) ?? by.size));
