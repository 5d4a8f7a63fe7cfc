import { type MachineProbe, probeRealNodes, probeVolumeLimits } from './probe-real-nodes.js';

type Register<Body> = (title: string, body: Body) => void;
type Skippable<Body> = Register<Body> & { readonly skip: Register<Body> };
type Suite = () => void;
type Spec = () => Promise<void>;

/** Registers specs where they are possible. Elsewhere they are skipped, and named with the reason. */
export const wherePossible =
  <Body>(register: Skippable<Body>, probe: MachineProbe): Register<Body> =>
  (title, body) =>
    probe.possible ? register(title, body) : register.skip(`${title} (skipped: ${probe.reason})`, body);

/** `describe` for specs that need real nodes. */
export const onRealNodes = (describe: Skippable<Suite>, probe: MachineProbe = probeRealNodes()): Register<Suite> =>
  wherePossible(describe, probe);

/** `it` for a spec that needs volumes with a size limit. */
export const onVolumeLimits = (it: Skippable<Spec>): Register<Spec> => wherePossible(it, probeVolumeLimits());
