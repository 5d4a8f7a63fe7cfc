// as itself
// must fail: @typescript-eslint/naming-convention
export class Probe {
  #stopped = false;

  stop(): boolean {
    this.#stopped = true;
    return this.#stopped;
  }
}
