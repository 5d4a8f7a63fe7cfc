import { serviceNames } from '@runos/contracts';
import type { PlaneInfo } from '@runos/tool-e2e';

/** The services of a plane that run, by name. */
export const servicePids = ({ pids }: PlaneInfo): readonly (readonly [string, number])[] =>
  Object.entries(pids).filter(([name]) => (serviceNames as readonly string[]).includes(name));
