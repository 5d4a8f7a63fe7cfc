// as apps/gateway/src/probe.ts
// must fail: runos/handlers-declare-access
declare const GrpcMethod: (...names: unknown[]) => MethodDecorator;

export class Probe {
  @GrpcMethod('probe')
  probe() {
    return 1;
  }
}
