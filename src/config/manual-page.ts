import { inline } from './describe.js';
import { conditions, ofStudies } from './idle-settings.js';
import { settings } from './schema.js';
import { usedSettings } from './used-settings.js';

/** The page of the manual that lists every setting. */
export function describeAsMarkdown(): string {
  const rows = [...settings].map(([key, setting]) => {
    const cells = [`\`${key}\``, `\`${inline(setting.default)}\``, setting.expected, setting.meaning];
    return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return `# Configuration

Every setting of panx. A command takes them from, each winning over the one before: the defaults below; a YAML file
(\`--config FILE\`, whose \`extends: OTHER.yaml\`, relative to the file, is read first); \`--set KEY=VALUE\`, whose value is
YAML; and the options of their own that a command's \`--help\` lists. A run saves its settings as \`config.json\`, and
\`--config\` with that file repeats it.

\`panx config\` prints this list as YAML, ready to be edited; \`panx config --markdown\` prints this page.

| setting | default | takes | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}

## Which command uses which

A setting that is typed, by \`--set\` or an option of its own, must be one that the command uses: another is refused, with
exit code 2. A file of settings may hold those of several commands: each takes its own, and says nothing of the others.
\`panx config\` takes all.

| command | settings |
| --- | --- |
${usesText().join('\n')}

## Which setting needs which

Some settings have an effect only beside certain values of others, wherever these come from. One that is typed and idle is
refused, with exit code 2, whatever its value, be it the default; \`null\`, \`false\`, \`[]\` and \`{}\` alone ask for nothing, and are
taken. One of a file may be idle: another file may extend it, and what is typed may take the place of what made it useful. Of a
study a setting is idle where none of its trainings uses it. Its grid, typed or of a file, is refused where two cells would train
the same.

| setting | is used |
| --- | --- |
${conditionsText().join('\n')}
| \`study.source\`, \`study.target\`, \`study.sizes\` | by the protocols that have them |
| each that \`study.grid\` has too | by \`panx run\` and \`panx sweep\` as the grid has it |
| \`data\`, \`corpora\` | where a language is of them |
| \`tokenization.lowerCase\` | of a vocab.txt that leaves it open; where a tokenizer says it itself, another value is refused, also in a file |
`;
}

function conditionsText(): string[] {
  const ofStudy = ofStudies.map(one => ({ ...one, when: `${one.when}, by \`panx run\` and \`panx sweep\`` }));
  return [...conditions, ...ofStudy].map(
    ({ keys, when }) => `| ${keys.map(key => `\`${key}\``).join(', ')} | ${when} |`,
  );
}

function usesText(): string[] {
  return Object.entries(usedSettings).map(([command, uses]) => {
    const but = 'but' in uses ? ` but ${uses.but.map(name => `\`${name}\``).join(', ')}` : '';
    return `| \`panx ${command}\` | ${uses.all.map(name => `\`${name}\``).join(', ')}${but} |`;
  });
}
