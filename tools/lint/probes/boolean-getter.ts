// as itself
// must fail: @typescript-eslint/naming-convention
export class Probe {
  #count = 0;

  get empty(): boolean {
    return this.#count === 0;
  }
}
