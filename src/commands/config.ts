import type { Command } from 'commander';
import { describe, describeAsYaml } from '../config/describe.js';
import { describeAsMarkdown } from '../config/manual-page.js';
import { PanxError } from '../errors.js';
import { print } from '../system/console.js';
import { addFormat, type FormatOptions, formatOf, printJson } from './format.js';
import { addConfigOptions, addRowOptions, addSweepOptions, addTrainingOptions, configOf } from './options.js';

/** panx config: every setting with its meaning, range and value, as YAML that --config takes. */
export function define(command: Command): void {
  addConfigOptions(command);
  addRowOptions(command);
  addTrainingOptions(command);
  addSweepOptions(command);
  addFormat(command, ['yaml', 'markdown'])
    .option('--markdown', 'print the list of settings as the page of the manual: short for --format markdown')
    .action(async (options: ConfigOptions) => {
      switch (formatAsked(options)) {
        case 'yaml':
          return print(describeAsYaml(await configOf(command)));
        case 'markdown':
          refuseSettings(command);
          return print(describeAsMarkdown());
        case 'json':
          return printJson('config', { settings: describe(await configOf(command)) });
      }
    });
}

interface ConfigOptions extends FormatOptions<'yaml' | 'markdown'> {
  markdown?: boolean;
}

/** @throws PanxError where --markdown is typed beside another format */
function formatAsked({ markdown, ...options }: ConfigOptions): 'yaml' | 'markdown' | 'json' {
  const format = formatOf(options, markdown ? 'markdown' : 'yaml');
  if (!markdown || format === 'markdown') return format;
  throw new PanxError(`--markdown and --format ${format} are both given; expected one of them.`, { exitCode: 2 });
}

/** The page of the manual has the defaults, whatever is typed. @throws PanxError naming an option of a setting, exit code 2 */
function refuseSettings(command: Command): void {
  const ofFormat = ['format', 'json', 'markdown'];
  const typed = command.options.find(option => {
    const name = option.attributeName();
    return command.getOptionValueSource(name) === 'cli' && !ofFormat.includes(name);
  });
  if (typed === undefined) return;
  throw new PanxError(
    `${typed.long} is given, and the page of the manual has the defaults; expected no ${typed.long}.`,
    {
      hint: 'Leave it out, or print the settings as YAML, without --format markdown.',
      exitCode: 2,
    },
  );
}
