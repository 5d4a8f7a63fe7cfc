/**
 * One way an object can fail to get ready. `when` is a jq expression over the object: it yields something when the
 * fault applies, nothing otherwise. Nothing runs inside our pods, so what would go wrong there is read off the object.
 */
export interface Fault {
  readonly name: string;
  readonly when: string;
}

/**
 * Put on a pod or on an operator's object from outside, its value names the fault: `image-pull`, `crash-loop` or
 * `never-ready` (which `true` means too). Without it the same faults follow from what the object asks for.
 */
export const failAnnotation = 'runos.dev/fail';

export const askedFor = (...faults: string[]): string =>
  `(.metadata.annotations["${failAnnotation}"] // "" | select(${faults.map((fault) => `. == "${fault}"`).join(' or ')}))`;

/** No registry has this tag, so an image with it cannot be pulled. */
export const missingTag = 'does-not-exist';
