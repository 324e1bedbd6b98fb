import type { Command } from 'commander';
import { describeAsMarkdown, describeAsYaml } from '../config/describe.js';
import { print } from '../system/console.js';
import { addConfigOptions, addRowOptions, addSweepOptions, addTrainingOptions, configOf } from './options.js';

/** panx config: every setting with its meaning, range and value, as YAML that --config takes. */
export function define(command: Command): void {
  addConfigOptions(command);
  addRowOptions(command);
  addTrainingOptions(command);
  addSweepOptions(command);
  command
    .option('--markdown', 'print the list of settings as the page of the manual')
    .action(async (options: { markdown?: boolean }) => {
      print(options.markdown ? describeAsMarkdown() : describeAsYaml(await configOf(command)));
    });
}
