import { Controller } from '@nestjs/common';
import { agentGateway, type InputOf } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { LogReader } from './log-reader.js';

type Call = CallContext<'tenant'>;

/** The gateway reads the logs of instances. */
@Controller()
export class LogsController {
  constructor(private readonly logs: LogReader) {}

  @Respond(agentGateway.openLogs)
  open(input: InputOf<typeof agentGateway.openLogs>, { tenant }: Call) {
    return this.logs.open(input, tenant);
  }

  @Respond(agentGateway.readLogs)
  read(input: InputOf<typeof agentGateway.readLogs>, { tenant }: Call) {
    return this.logs.read(input, tenant);
  }

  @Respond(agentGateway.closeLogs)
  close(input: InputOf<typeof agentGateway.closeLogs>, { tenant }: Call) {
    return this.logs.close(input, tenant);
  }
}
