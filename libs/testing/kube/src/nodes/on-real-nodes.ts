import { probeRealNodes, type RealNodesProbe } from './probe-real-nodes.js';

type Suite = (title: string, specs: () => void) => void;

/** `describe` for specs that need real nodes. Where these are impossible, the specs are skipped and named with the reason. */
export const onRealNodes =
  (describe: Suite & { readonly skip: Suite }, probe: RealNodesProbe = probeRealNodes()): Suite =>
  (title, specs) =>
    probe.possible ? describe(title, specs) : describe.skip(`${title} (skipped: ${probe.reason})`, specs);
