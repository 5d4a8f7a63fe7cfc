import { typesThatNeed } from '@runos/service-types';
import type { AwaitedAddon, InstanceRow } from '../schema/instance-row.js';

/** The reason of an instance and of its job while its first revision waits for an add-on. */
export const addonNotReady = 'AddonNotReady';

/** The message that belongs to the reason. */
export const waitingForAddon = ({ name, problem }: AwaitedAddon): string =>
  `waiting until add-on ${name} is ready${problem === null ? '' : `: ${problem}`}`;

/** The add-on that the first revision of a new instance waits for. A later revision waits for none. */
export function awaitedAddon(
  instance: Pick<InstanceRow, 'type' | 'observed_generation' | 'awaited_addons'>,
): AwaitedAddon | undefined {
  if (instance.observed_generation !== 0) return undefined;
  return instance.awaited_addons.find(({ name }) => typesThatNeed(name).some(({ type }) => type === instance.type));
}
