// as apps/gateway/src/probe.ts
// must fail: runos/handlers-declare-access
declare const MessagePattern: (...names: unknown[]) => MethodDecorator;

export class Probe {
  @MessagePattern('probe')
  probe() {
    return 1;
  }
}
