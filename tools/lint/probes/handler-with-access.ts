// as apps/gateway/src/probe.ts
// must pass
declare const Get: (path: string) => MethodDecorator;
declare const Access: (who: string) => MethodDecorator & ClassDecorator;

export class Probe {
  @Access('public')
  @Get('/probe')
  probe() {
    return 1;
  }
}

@Access('public')
export class OtherProbe {
  @Get('/probe')
  probe() {
    return 1;
  }
}
