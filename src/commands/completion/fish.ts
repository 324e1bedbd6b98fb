import { type CommandWords, type OptionWords, settingWords, type Values } from './words.js';

/** The completion of panx for fish: a `complete` for each subcommand, option and argument. */
export function fishScript(commands: readonly CommandWords[], version: string): string {
  const withCommands = commands.filter(command => command.path !== '' && command.commands.length > 0);
  return `# Completion of panx ${version} for fish, made by: panx completion fish

# Whether the command that is typed is this one: its name, and that of its subcommand.
function __panx_at
    set -l typed (commandline -opc)
    set -e typed[1]
    set -l path
    for word in $typed
        string match -q -- '-*' $word; and continue
        set -a path $word
        contains -- "$path" ${withCommands.map(({ path }) => quoted(path)).join(' ')}; or break
    end
    test "$path" = "$argv"
end

# What is typed of a value: without --option= before it.
function __panx_typed
    string replace -r '^--[^=]*=' '' -- (commandline -ct)
end

# Words with commas between.
function __panx_list
    set -l before (string match -r '.*,' -- (__panx_typed))
    for word in $argv
        echo "$before$word"
    end
end

# KEY=VALUE of the settings that are given: their names, then the words that one takes.
function __panx_settings
    set -l typed (__panx_typed)
    if string match -q -- '*=*' $typed
        set -l key (string replace -r '=.*' '' -- $typed)
        for word in (__panx_setting $key)
            echo "$key=$word"
        end
    else
        printf '%s=\\n' $argv
    end
end

# KEY=VALUE,VALUE
function __panx_grid
    set -l typed (__panx_typed)
    if string match -q -- '*=*' $typed
        set -l key (string replace -r '=.*' '' -- $typed)
        set -l before (string match -r '.*,' -- $typed)
        test -n "$before"; or set before "$key="
        for word in (__panx_setting $key)
            echo "$before$word"
        end
    else
        printf '%s=\\n' $argv
    end
end

function __panx_setting
    switch $argv[1]
${settingWords('settings')
  .filter(([, words]) => words.length > 0)
  .map(([key, words]) => `        case ${key}\n            printf '%s\\n' ${words.join(' ')}`)
  .join('\n')}
    end
end

complete -c panx -e
complete -c panx -f
${commands.flatMap(commandLines).join('\n')}
`;
}

function commandLines({ path, commands, options, argument }: CommandWords): string[] {
  const at = `complete -c panx -n ${quoted(`__panx_at ${path}`.trim())}`;
  return [
    ...commands.map(({ name, summary }) => `${at} -a ${name} -d ${quoted(summary)}`),
    ...options.map(option => `${at} ${optionFlags(option)} -d ${quoted(option.summary)}`),
    ...(argument.kind === 'none' ? [] : [`${at} ${valueFlags(argument)}`]),
  ];
}

function optionFlags({ names, value, optional }: OptionWords): string {
  const flags = names.map(name => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  if (value === null) return flags.join(' ');
  // One whose value may be left out takes it behind "=" only.
  return [...flags, ...(optional ? [] : ['-r']), valueFlags(value)].join(' ');
}

function valueFlags(values: Values): string {
  switch (values.kind) {
    case 'none':
      return '-f';
    case 'file':
      return '-F';
    case 'folder':
      return `-f -a ${quoted('(__fish_complete_directories (__panx_typed))')}`;
    case 'settings':
      return `-f -a ${quoted(`(__panx_settings ${keysOf('settings')})`)}`;
    case 'grid':
      return `-f -a ${quoted(`(__panx_grid ${keysOf('grid')})`)}`;
    case 'word':
      return `-f -a ${quoted(values.words.join(' '))}`;
    case 'list':
      return `-f -a ${quoted(`(__panx_list ${values.words.join(' ')})`)}`;
  }
}

function keysOf(kind: 'settings' | 'grid'): string {
  return settingWords(kind)
    .map(([key]) => key)
    .join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
