// as apps/agent-gateway/src/probe.ts
// must fail: runos/handlers-declare-access
declare const server: { addService(service: unknown, handlers: object): void };

server.addService('probe', { open: () => 1 });
