/** Lines for the person who typed the command; every event with the name of what it is about in front. */
export class Terminal {
  say(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** `[name] line` */
  about(name: string): (line: string) => void {
    return (line) => this.say(`[${name}] ${line}`);
  }
}
