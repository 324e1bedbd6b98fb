import { Argument, Command } from 'commander';
import { print } from '../system/console.js';
import { readPackage } from '../system/package.js';
import { commands, isHidden } from './commands.js';
import { bashScript } from './completion/bash.js';
import { fishScript } from './completion/fish.js';
import { type CommandWords, wordsOf } from './completion/words.js';
import { zshScript } from './completion/zsh.js';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

/** panx completion: print what makes a shell complete panx. */
export function define(command: Command): void {
  command
    .addArgument(new Argument('<shell>', 'the shell to print it for').choices(shells))
    .addHelpText('after', help)
    .action(async (shell: Shell) => {
      print(scriptFor(shell, wordsOf(await everyCommand()), readPackage().version));
    });
}

const help = `
What is printed is a script that completes commands, options, files, settings and
the words that these take. It holds all that it knows, so that a shell need not
start panx. After an update of panx, print it again.

bash  panx completion bash > ~/.local/share/bash-completion/completions/panx
      or, without the package bash-completion, in ~/.bashrc:
      eval "$(panx completion bash)"
zsh   in ~/.zshrc, after compinit:
      source <(panx completion zsh)
      or into a folder of $fpath: panx completion zsh > FOLDER/_panx
fish  panx completion fish > ~/.config/fish/completions/panx.fish
`;

function scriptFor(shell: Shell, words: readonly CommandWords[], version: string): string {
  switch (shell) {
    case 'bash':
      return bashScript(words, version);
    case 'zsh':
      return zshScript(words, version);
    case 'fish':
      return fishScript(words, version);
  }
}

/** panx with every command defined, as `main` defines the one that is typed. */
export async function everyCommand(): Promise<Command> {
  const program = new Command('panx').version(readPackage().version, '-V, --version');
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = program.command(name, { hidden: isHidden(name) }).description(summary);
    (await load()).define(command);
  }
  return program;
}
