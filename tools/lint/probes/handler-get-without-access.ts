// as apps/gateway/src/probe.ts
// must fail: runos/handlers-declare-access
declare const Get: (...names: unknown[]) => MethodDecorator;

export class Probe {
  @Get('probe')
  probe() {
    return 1;
  }
}
