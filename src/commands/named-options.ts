import type { Command } from 'commander';
import { commands } from './commands.js';
import { commandWith, settingNamed } from './options.js';

/**
 * A text with the options that it names as the command has them that was typed.
 *
 * Code that several commands share names a setting's option by itself (`--max-length`). A command that lacks it takes the setting by --set; one that
 * takes no settings is not where it can be typed, so that another is named that has it.
 */
export function withOwnOptions(text: string, command: Command): string {
  return text.replace(/(?<![\w-])--[a-z]+(-[a-z]+)*/g, (option, _, at: number) => {
    const key = settingNamed(option);
    if (key === undefined || isOfOther(text.slice(0, at)) || hasOption(command, option)) return option;
    return hasOption(command, '--set') ? `--set ${key}=...` : `${commandWith(option)} ${option}`;
  });
}

/** Whether the sentence so far names a command. */
function isOfOther(before: string): boolean {
  // One that is quoted whole has its options with it.
  const sentence = before.slice(before.lastIndexOf('. ') + 1).replace(/`[^`]*`/g, '');
  return [...sentence.matchAll(/\bpanx ([a-z]+)/g)].some(([, name]) => Object.hasOwn(commands, name!));
}

function hasOption(command: Command, name: string): boolean {
  return command.options.some(({ flags }) => flags.split(/[ ,]+/).includes(name));
}
