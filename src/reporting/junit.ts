import { isUnknown, type Verdict } from '../experiment/conditions.js';
import { visible } from '../system/visible.js';
import { type CheckReport, conditionText, outcomeText } from './check.js';

/** The name of the report, by which `panx check` knows a file of its own again. */
export const junitName = 'panx check';

/**
 * A report of conditions as JUnit XML, as Jenkins and GitLab read it (the schema of Jenkins's xUnit plugin, junit-10.xsd): a test case each, with a
 * failure where it is not met and an error where nobody can tell.
 */
export function junitXml(report: CheckReport): string {
  const { run, baseline, verdicts } = report;
  const errors = verdicts.filter(isUnknown).length;
  const failures = verdicts.filter(verdict => !isUnknown(verdict) && !verdict.met).length;
  const names = distinctNames(verdicts);
  const counts = { tests: verdicts.length, failures, errors };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${attributes({ name: junitName, ...counts })}>`,
    `  <testsuite ${attributes({ name: `${junitName} ${run}`, ...counts, skipped: 0, time: 0 })}>`,
    ...(baseline === null
      ? []
      : [
          '    <properties>',
          `      <property ${attributes({ name: 'against', value: baseline })}/>`,
          '    </properties>',
        ]),
    ...verdicts.flatMap((verdict, i) => testcase(verdict, names[i]!)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** A name for each test case. Readers take two of one name for one: what stands there before has a number from the second on. */
function distinctNames(verdicts: readonly Verdict[]): string[] {
  const seen = new Map<string, number>();
  return verdicts.map(({ condition }) => {
    const name = conditionText(condition);
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  });
}

function testcase(verdict: Verdict, text: string): string[] {
  const name = attributes({ name: text, classname: 'panx.check', time: 0 });
  if (!isUnknown(verdict) && verdict.met) return [`    <testcase ${name}/>`];
  const [element, type, message] = isUnknown(verdict)
    ? ['error', 'unknown', verdict.error.message]
    : ['failure', verdict.condition.kind, `${outcomeText(verdict)}.`];
  return [
    `    <testcase ${name}>`,
    `      <${element} ${attributes({ type, message })}>${xmlText(message)}</${element}>`,
    '    </testcase>',
  ];
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${xmlText(String(value))}"`)
    .join(' ');
}

/** A text inside an element or an attribute. What XML 1.0 has no place for, such as control characters, is shown as code points. */
export function xmlText(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  };
  return visible(text).replaceAll(/[&<>"']/g, character => entities[character]!);
}
