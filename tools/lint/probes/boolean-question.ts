// as itself
// must pass
export class Probe {
  #isStopped = false;

  get isRunning(): boolean {
    return !this.#isStopped;
  }

  stop(): void {
    this.#isStopped = true;
  }
}
