import type { Addon } from './addon.js';
import { certManager } from './cert-manager/cert-manager.js';
import { cloudNativePg } from './cloudnative-pg/cloudnative-pg.js';
import { gatewayApi } from './gateway-api/gateway-api.js';

/** All add-ons. A new add-on is a new folder and an entry here. */
export const addons: readonly Addon[] = [certManager, cloudNativePg, gatewayApi];

/** The add-on of a name, undefined when this build does not have it. */
export const addonByName = (name: string): Addon | undefined => addons.find((each) => each.name === name);

/**
 * The add-on with this name.
 * @throws Error for an unknown name, which the catalog must not contain
 */
export function addon(name: string): Addon {
  const found = addonByName(name);
  if (found) return found;
  throw new Error(`There is no add-on "${name}". Known add-ons: ${addons.map((each) => each.name).join(', ')}.`);
}
