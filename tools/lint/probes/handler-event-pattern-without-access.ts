// as apps/gateway/src/probe.ts
// must fail: runos/handlers-declare-access
declare const EventPattern: (...names: unknown[]) => MethodDecorator;

export class Probe {
  @EventPattern('probe')
  probe() {
    return 1;
  }
}
