import { type CommandWords, settingWords, type Values } from './words.js';

/**
 * The completion of panx for bash, from 3.2 on; it needs nothing else. The first functions hold what panx knows; the last one is called at each tab.
 *
 * Bash splits words at `=` (COMP_WORDBREAKS), so `--set a=b` comes as `a`, `=`, `b`, and only what stands behind the `=` is replaced. `_panx` puts the
 * words together again, and takes off what is not to be replaced.
 */
export function bashScript(commands: readonly CommandWords[], version: string): string {
  return `# Completion of panx ${version} for bash, made by: panx completion bash
# shellcheck shell=bash disable=SC2034,SC2207

# What may follow a command: its subcommands, its options, the values of its argument.
_panx_command() {
  case $1 in
${commands.map(commandCase).join('\n')}
  esac
}

# The values of a command's option: value is what they are, words which; optional where the option may stand without one.
_panx_option() {
  value='' words='' optional=''
  case $1 in
${commands.flatMap(optionCases).join('\n')}
  esac
}

_panx_settings='${settingWords('settings')
    .map(([key]) => key)
    .join(' ')}'
_panx_grid='${settingWords('grid')
    .map(([key]) => key)
    .join(' ')}'

# The words that a setting takes.
_panx_setting() {
  case $1 in
${settingCases().join('\n')}
  esac
}

${engine}`;
}

function commandCase({ path, commands, options, argument }: CommandWords): string {
  const names = options.flatMap(option => option.names);
  return `    ${quoted(path)}) commands=${quoted(commands.map(({ name }) => name).join(' '))} options=${quoted(names.join(' '))} ${assigned(argument)} ;;`;
}

function optionCases({ path, options }: CommandWords): string[] {
  return options.flatMap(({ names, value, optional }) =>
    value === null
      ? []
      : [
          `    ${names.map(name => quoted(`${path} ${name}`)).join('|')}) ${assigned(value)}${optional ? ' optional=1' : ''} ;;`,
        ],
  );
}

function assigned(values: Values): string {
  return `value=${values.kind}${'words' in values ? ` words=${quoted(values.words.join(' '))}` : ''}`;
}

/** Settings with the same words together. */
function settingCases(): string[] {
  const byWords = new Map<string, string[]>();
  for (const [key, words] of settingWords('settings')) {
    if (words.length > 0) byWords.set(words.join(' '), [...(byWords.get(words.join(' ')) ?? []), key]);
  }
  return [...byWords].map(([words, keys]) => `    ${keys.join('|')}) words=${quoted(words)} ;;`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const engine = `# Completes $1 by the values that $value and $words say; what is before a comma or "=" of the word is kept.
_panx_values() {
  local typed=$1 kept='' key line
  case $value in
    file|folder)
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(
        if [[ $value == file ]]; then compgen -f -- "$typed"; else compgen -d -- "$typed"; fi
      )
      return
      ;;
    settings|grid)
      if [[ $typed != *=* ]]; then
        compopt -o nospace 2>/dev/null
        words=$_panx_settings
        [[ $value == grid ]] && words=$_panx_grid
        COMPREPLY=($(compgen -S = -W "$words" -- "$typed"))
        return
      fi
      key=\${typed%%=*} kept="\${typed%%=*}=" typed=\${typed#*=} words=''
      _panx_setting "$key"
      [[ $value == grid ]] && value=list
      ;;
  esac
  if [[ $value == list && $typed == *,* ]]; then
    kept+="\${typed%,*}," typed=\${typed##*,}
  fi
  COMPREPLY=($(compgen -P "$kept" -W "$words" -- "$typed"))
}

# A word without its quotes, one that is still open too.
_panx_unquote() {
  local rest=$1 quote='' char
  unquoted=''
  while [[ -n $rest ]]; do
    char=\${rest:0:1} rest=\${rest:1}
    case $quote$char in
      '\\' | '"\\') unquoted+=\${rest:0:1} rest=\${rest:1} ;;
      '"' | "'") quote=$char ;;
      '""' | "''") quote='' ;;
      *) unquoted+=$char ;;
    esac
  done
}

_panx() {
  COMPREPLY=()
  local -a typed=()
  local i word before='' joins=''
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    # "=" and what stands behind it belong to the word before; an empty word behind "=" is a new one.
    if ((i > 1)) && [[ $word == =* || ($before == = && -n $word) ]]; then
      typed[\${#typed[@]}-1]+=$word
    else
      typed+=("$word")
    fi
    before=$word
  done

  local path='' commands='' options='' value='' words='' optional='' unquoted='' last=$((\${#typed[@]} - 1))
  local current=\${typed[last]}
  # Bash replaces the last of the words that it made, of "=" what is to stand behind it.
  local raw=\${COMP_WORDS[COMP_CWORD]}
  [[ $raw == = ]] && raw=''
  local fixed=$((\${#current} - \${#raw}))
  _panx_unquote "$current"
  current=$unquoted

  _panx_command ''
  for ((i = 1; i < last; i++)); do
    [[ \${typed[i]} == -* ]] && continue
    case " $commands " in *" \${typed[i]} "*) ;; *) break ;; esac
    path=\${path:+$path }\${typed[i]}
    commands='' options='' value='' words=''
    _panx_command "$path"
    [[ -z $commands ]] && break
  done
  local argument=$value argument_words=$words option=''
  value='' words=''

  if [[ $current == --*=* ]]; then
    option=\${current%%=*}
    _panx_option "$path $option"
    [[ -n $value ]] && _panx_values "\${current#*=}"
    COMPREPLY=("\${COMPREPLY[@]/#/$option=}")
  else
    ((last > 1)) && _panx_option "$path \${typed[last - 1]}"
    if [[ -n $value && !(-n $optional && $current == -*) ]]; then
      _panx_values "$current"
    elif [[ $current == -* ]]; then
      COMPREPLY=($(compgen -W "$options" -- "$current"))
    elif [[ -n $commands ]]; then
      COMPREPLY=($(compgen -W "$commands" -- "$current"))
    else
      value=$argument words=$argument_words
      _panx_values "$current"
    fi
  fi

  if ((fixed > 0)); then
    for i in "\${!COMPREPLY[@]}"; do COMPREPLY[i]=\${COMPREPLY[i]:fixed}; done
  fi
}

complete -F _panx panx
`;
