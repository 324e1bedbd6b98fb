import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * What an interactive zsh has to offer at a tab behind each of these lines. It runs in a terminal of zsh/zpty; a compadd of its own writes all
 * matches down, whole: with what stands before them in the word.
 *
 * @param script the completion
 * @param folder where the shell is
 */
export function zshCompletions(script: string, lines: readonly string[], folder: string): string[][] {
  const scratch = mkdtempSync(join(tmpdir(), 'panx-test-'));
  const [setup, found, typed] = ['setup.zsh', 'found.txt', 'typed.txt'].map(name => join(scratch, name));
  writeFileSync(setup!, setupOf(script, scratch, found!));
  writeFileSync(found!, '');
  writeFileSync(typed!, `${lines.join('\n')}\n`);
  const program = `
    zmodload zsh/zpty
    cd -- $1
    zpty shell 'zsh -f -i'
    zpty -w shell "source $2"
    for line in "\${(@f)$(<$3)}"; do zpty -w -n shell $line$'\\t\\C-t'; while zpty -rt shell rest; do :; done; done
    zpty -w shell 'exit'
    while zpty -r shell rest; do :; done
  `;
  const { status, stderr, error } = spawnSync('zsh', ['-f', '-c', program, 'zsh', folder, setup!, typed!], {
    encoding: 'utf8',
    timeout: 50_000,
  });
  if (error !== undefined || stderr !== '') throw error ?? new Error(`zsh ended with ${status}: ${stderr}`);
  const answers = readFileSync(found!, 'utf8').split('== end of line\n').slice(0, -1);
  return answers.map(answer => [...new Set(answer.split('\n').filter(word => word !== ''))]);
}

function setupOf(script: string, scratch: string, found: string): string {
  return `
    PROMPT=
    setopt rc_quotes
    autoload -Uz compinit
    compinit -u -d ${scratch}/dump
    source ${script}
    compadd() {
      # Some functions ask what would match (-O, -A, -D), and offer nothing.
      if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
      local -a hits before dummy
      builtin compadd -A hits -D dummy "$@"
      zparseopts -E -a dummy p:=before P:=dummy S:=dummy
      local hit
      for hit in $hits; do print -r -- "$IPREFIX\${(Q)before[2]}\${(Q)hit}" >> ${found}; done
      builtin compadd "$@"
    }
    quiet() { compstate[list]= compstate[insert]= }
    capture() { comppostfuncs=(quiet); _main_complete }
    zle -C capture complete-word capture
    end-of-answer() { print -r -- '== end of line' >> ${found}; zle kill-whole-line }
    zle -N end-of-answer
    bindkey '^I' capture
    bindkey '^T' end-of-answer
  `;
}
