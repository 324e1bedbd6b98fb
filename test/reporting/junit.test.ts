import { expect, it } from 'vitest';
import { parseCondition } from '../../src/experiment/conditions.js';
import { junitXml, xmlText } from '../../src/reporting/junit.js';
import { exampleCheck, outcome } from './example-check.js';

it('is a test case for each condition, with a failure where it is not met and an error where nobody can tell', () => {
  const below = 'tr.PER.f1 is 0.849996; expected at least 0.85 (0.000004 below).';
  const drop =
    'en.f1 is 0.7000 (mean of 3 trainings), the baseline&apos;s 0.8000 (0.1000 below); expected at most 0.05 below.';
  const unknown = 'results/&lt;U+001B&gt;[2J has no scores of &lt;b&gt;|`de.';
  expect(junitXml(exampleCheck()).split('\n')).toEqual([
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="panx check" tests="6" failures="2" errors="1">',
    '  <testsuite name="panx check results/&lt;U+001B&gt;[2J&lt;run&gt;" tests="6" failures="2" errors="1" skipped="0" time="0">',
    '    <properties>',
    '      <property name="against" value="results/before|*"/>',
    '    </properties>',
    '    <testcase name="tr.f1 ≥ 0.85" classname="panx.check" time="0"/>',
    '    <testcase name="tr.PER.f1 ≥ 0.85" classname="panx.check" time="0">',
    `      <failure type="min" message="${below}">${below}</failure>`,
    '    </testcase>',
    '    <testcase name="tr.loss ≤ 0.4" classname="panx.check" time="0"/>',
    '    <testcase name="en.f1 drops by ≤ 0.05" classname="panx.check" time="0">',
    `      <failure type="max-drop" message="${drop}">${drop}</failure>`,
    '    </testcase>',
    '    <testcase name="en.f1 gains ≥ 0" classname="panx.check" time="0"/>',
    '    <testcase name="de.f1 ≥ 0.5" classname="panx.check" time="0">',
    `      <error type="unknown" message="${unknown}">${unknown}</error>`,
    '    </testcase>',
    '  </testsuite>',
    '</testsuites>',
    '',
  ]);
});

it('has no two test cases of one name', () => {
  const one = outcome(parseCondition('min', 'tr.f1=0.5'), true, 0.6);
  const text = junitXml({ run: 'run', baseline: null, verdicts: [one, one, one] });
  expect(text.match(/(?<=<testcase name=")[^"]*/g)).toEqual(['tr.f1 ≥ 0.5', 'tr.f1 ≥ 0.5 (2)', 'tr.f1 ≥ 0.5 (3)']);
});

it('has no properties where nothing is compared', () => {
  const verdicts = [outcome(parseCondition('min', 'tr.f1=0.5'), true, 0.6)];
  expect(junitXml({ run: 'run', baseline: null, verdicts })).not.toContain('propert');
});

it('escapes what XML would take for its own, and shows what it has no place for', () => {
  expect(xmlText(`<a href="x">&amp;'\u0000\u0008\ufffe\ud800`)).toBe(
    '&lt;a href=&quot;x&quot;&gt;&amp;amp;&apos;&lt;U+0000&gt;&lt;U+0008&gt;&lt;U+FFFE&gt;&lt;U+D800&gt;',
  );
});
