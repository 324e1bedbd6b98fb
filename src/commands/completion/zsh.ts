import { type CommandWords, type OptionWords, settingWords, type Values } from './words.js';

/** The completion of panx for zsh: a function for each command, with what \`_arguments\` needs to know of it. */
export function zshScript(commands: readonly CommandWords[], version: string): string {
  return `#compdef panx
# Completion of panx ${version} for zsh, made by: panx completion zsh

${commands.map(command => commandFunction(command, commands)).join('\n\n')}

# Words with commas between.
_panx_list() {
  compset -P '*,'
  compadd -- $@
}

# KEY=VALUE: the names of settings, then the words that one takes.
_panx_settings() {
  if compset -P '*='; then
    _panx_setting "\${\${IPREFIX%=}##*=}"
    return
  fi
  compadd -S '' -- ${settingWords('settings')
    .map(([key]) => `${key}=`)
    .join(' ')}
}

# KEY=VALUE,VALUE
_panx_grid() {
  if compset -P '*='; then
    local key=\${\${IPREFIX%=}##*=}
    compset -P '*,'
    _panx_setting $key
    return
  fi
  compadd -S '' -- ${settingWords('grid')
    .map(([key]) => `${key}=`)
    .join(' ')}
}

_panx_setting() {
  case $1 in
${settingWords('settings')
  .filter(([, words]) => words.length > 0)
  .map(([key, words]) => `    ${key}) compadd -- ${words.join(' ')} ;;`)
  .join('\n')}
  esac
}

if [[ $funcstack[1] == _panx ]]; then
  _panx "$@"
else
  compdef _panx panx
fi
`;
}

function commandFunction(command: CommandWords, all: readonly CommandWords[]): string {
  const { path, commands, options, argument } = command;
  const specs = options.flatMap(optionSpecs);
  if (commands.length === 0) {
    const rest = argument.kind === 'none' ? [] : [quoted(`*:argument:${action(argument)}`)];
    return `${functionName(path)}() {\n  _arguments -s ${continued([...specs, ...rest])}\n}`;
  }
  const listed = commands.map(({ name, summary }) => quoted(`${name}:${summary}`));
  const known = commands.filter(({ name }) => all.some(one => one.path === joined(path, name)));
  return `${functionName(path)}() {
  local curcontext=$curcontext context state state_descr line
  typeset -A opt_args
  local -a commands=(${listed.map(one => `\n    ${one}`).join('')}
  )
  _arguments -C ${continued([...specs, quoted('1: :->command'), quoted('*:: :->words')])} && return
  case $state in
    command) _describe -t commands command commands ;;
    words)
      case $words[1] in
${known.map(({ name }) => `        ${name}) ${functionName(joined(path, name))} ;;`).join('\n')}
      esac
      ;;
  esac
}`;
}

function optionSpecs({ names, summary, value, optional, repeats }: OptionWords): string[] {
  const description = `[${summary.replaceAll(/[[\]\\:]/g, '\\$&')}]`;
  const message = value === null ? '' : `${optional ? '::' : ':'}value:${action(value)}`;
  return names.map(name => {
    const ends = name === '--help' || name === '-h' || name === '--version' || name === '-V';
    const before = ends ? '(- *)' : repeats ? '*' : '';
    return quoted(`${before}${name}${value !== null && name.startsWith('--') ? '=' : ''}${description}${message}`);
  });
}

function action(values: Values): string {
  switch (values.kind) {
    case 'none':
      return ' ';
    case 'file':
      return '_files';
    case 'folder':
      return '_files -/';
    case 'settings':
      return '_panx_settings';
    case 'grid':
      return '_panx_grid';
    case 'word':
      return `(${values.words.join(' ')})`;
    case 'list':
      return ` _panx_list ${values.words.join(' ')}`; // Behind a space _arguments adds no options of compadd.
  }
}

function functionName(path: string): string {
  return ['_panx', ...path.split(' ').filter(Boolean)].join('_');
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path} ${name}`;
}

function continued(specs: readonly string[]): string {
  return specs.length === 0 ? '' : `\\\n    ${specs.join(' \\\n    ')}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
