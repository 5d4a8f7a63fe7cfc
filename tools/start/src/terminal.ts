/** Prints lines for the user; events carry the name of their process. */
export class Terminal {
  print(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** `[name] line` */
  printAbout(name: string): (line: string) => void {
    return (line) => this.print(`[${name}] ${line}`);
  }
}
