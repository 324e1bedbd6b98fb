import { formatJson } from '../system/json.js';
import { visible } from '../system/visible.js';
import type { LoadedConfig } from './load.js';
import { type Key, settings } from './schema.js';
import { yaml } from './yaml.js';

/**
 * A configuration as YAML that --config takes: above each setting its meaning and range as a comment, behind it where
 * the value comes from, unless it is the default.
 */
export function describeAsYaml({ config, origins }: LoadedConfig): string {
  const lines: string[] = [];
  let open: string[] = [];
  for (const [key, setting] of settings) {
    const parents = key.split('.');
    const name = parents.pop()!;
    for (const [depth, parent] of parents.entries()) {
      if (open[depth] === parent) continue;
      open = open.slice(0, depth);
      lines.push(...(depth === 0 ? [''] : []), `${'  '.repeat(depth)}${parent}:`);
      open.push(parent);
    }
    const indent = '  '.repeat(parents.length);
    const origin = origins[key] === 'default' ? '' : `  # from ${origins[key]}; default ${inline(setting.default)}`;
    lines.push(
      `${indent}# ${setting.meaning}`,
      `${indent}# (${setting.expected})`,
      `${indent}${name}: ${inline(settingIn(config, key))}${origin.replaceAll('\n', ' ')}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** A configuration as a list of its settings, for programs. */
export function describe({ config, origins }: LoadedConfig): DescribedSetting[] {
  return [...settings].map(([key, setting]) => ({
    key,
    value: settingIn(config, key),
    from: origins[key],
    default: setting.default,
    expected: setting.expected,
    meaning: setting.meaning,
  }));
}

export interface DescribedSetting {
  /** Its dotted name. */
  key: string;
  value: unknown;
  /** Where the value comes from: `default`, or the file, `--set` or option that gave it. */
  from: string;
  default: unknown;
  /** What it takes, in words. */
  expected: string;
  meaning: string;
}

/** The value that a configuration has for a dotted name. */
export function settingIn(config: LoadedConfig['config'], key: Key): unknown {
  return key.split('.').reduce<unknown>((section, name) => (section as Record<string, unknown>)[name], config);
}

/** A value on one line of YAML; small numbers as 2e-5. */
export function inline(value: unknown): string {
  if (typeof value === 'number' && value !== 0 && Math.abs(value) < 1e-3) return value.toExponential();
  return plain(value) ?? readBack(value) ?? formatJson(value);
}

/** A value as the library writes it, where that is one line that stands for the value; it writes `---`, for one, in two. */
function readBack(value: unknown): string | null {
  const options = { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 } as const;
  const text = yaml().stringify(value, options).trimEnd();
  if (text !== visible(text)) return null;
  return JSON.stringify(yaml().parse(text)) === JSON.stringify(value) ? text : null;
}

/** A value that looks the same in YAML, so that the defaults in an option's help do without the library; null for another. */
function plain(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (typeof value === 'string') {
    return /^[A-Za-z][\w./-]*$/.test(value) && !/^(null|true|false)$/i.test(value) ? value : null;
  }
  if (!Array.isArray(value)) return JSON.stringify(value) === '{}' ? '{}' : null;
  const items = value.map(plain);
  return items.includes(null) ? null : `[${items.join(', ')}]`;
}
