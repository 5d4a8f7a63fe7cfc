import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { FakeGateway } from './fake-gateway.js';
import { CliHome } from './memory-terminal.js';

/** What the tests of a spec run with. */
interface Started {
  readonly gateway: FakeGateway;
  /** A new one for each test. */
  readonly home: CliHome;
}

/** Starts one gateway for a spec. Before each test it has no replies, and `prepare` gives it those that all need. */
export function useFakeGateway(prepare: (started: Started) => unknown): void {
  let gateway: FakeGateway;
  let home: CliHome;
  beforeAll(async () => {
    gateway = await FakeGateway.start();
  });
  afterAll(() => gateway.stop());
  beforeEach(async () => {
    home = new CliHome();
    gateway.reset();
    await prepare({ gateway, home });
  });
  afterEach(() => home.remove());
}
