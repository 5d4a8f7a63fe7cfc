import { Controller, Module } from '@nestjs/common';
import { serviceConfig, wholeNumber } from '@runos/config';
import { Respond, runService } from '@runos/messaging';
import { doIt, specContracts } from '../test-contracts.js';

/** A service process for the spec of `runService`. */
@Controller()
class Worker {
  @Respond(doIt)
  async doIt({ how }: { how: string }) {
    process.stdout.write('started\n');
    await new Promise((resolve) => setTimeout(resolve, Number(how)));
    return { done: process.pid };
  }
}

@Module({ controllers: [Worker] })
class Own {}

await runService({
  name: 'catalog',
  config: serviceConfig({ shelves: wholeNumber(1, 9).default(1) }),
  module: () => Own,
  contracts: specContracts,
});
