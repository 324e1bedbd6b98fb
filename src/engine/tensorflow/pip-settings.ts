/** The environment of a program, as `process.env` is. */
type Variables = Readonly<Record<string, string | undefined>>;

/**
 * What of pip's settings says how its indexes are reached. These are a user's or a company's to choose; all others say what pip is to do, and
 * would have it do something else than panx asks for: refuse outside of a virtual environment, want hashes, bring the wheel of another Python, print
 * nothing.
 */
const kept = new Set([
  'index-url',
  'extra-index-url',
  'no-index',
  'find-links',
  'proxy',
  'cert',
  'client-cert',
  'trusted-host',
  'keyring-provider',
  'cache-dir',
  'no-cache-dir',
  'timeout',
  'default-timeout',
  'retries',
  'use-feature', // Some releases take the system's certificates by `truststore`,
  'use-deprecated', // or those of before by `legacy-certs`.
  'user-agent-user-data',
]);

/** What of Python's own variables says where pip lies and what Python may write. PYTHONPATH and PYTHONHOME may be meant for another Python. */
const keptOfPython = /^PYTHON(USERBASE|NOUSERSITE|DONTWRITEBYTECODE|PYCACHEPREFIX|UTF8|IOENCODING|UNBUFFERED)$/;

/** The environment in which pip is asked for the settings of its files (`pip config list`): those of variables are in `env`. */
export function environmentOfQuestion(env: Variables): Record<string, string | undefined> {
  const file = env.PIP_CONFIG_FILE;
  return { ...withoutSettings(env), ...(file ? { PIP_CONFIG_FILE: file } : {}), ...always, ...toList };
}

/**
 * The environment in which pip brings wheels: with the settings that say how its indexes are reached, from its files and over them from variables, and
 * with no others. As variables, since passwords may be among them, which the arguments of a process would show to everyone.
 *
 * @param configList what `pip config list` printed
 */
export function environmentOfDownload(configList: string, env: Variables): Record<string, string | undefined> {
  const settings = new Map([...settingsOfFiles(configList), ...settingsOfVariables(env)]);
  const variables = [...settings].map(([name, value]) => [`PIP_${name.replaceAll('-', '_').toUpperCase()}`, value]);
  return {
    ...withoutSettings(env),
    PIP_RETRIES: '1',
    ...Object.fromEntries(variables),
    ...always,
    PIP_CONFIG_FILE: '/dev/null', // No file is read then.
  };
}

/** Over what files say of these: to print what is asked for, of all files and not of the user's alone, and to write nowhere else. */
const toList = { PIP_QUIET: '0', PIP_USER: '0', PIP_SITE: '0', PIP_GLOBAL: '0', PIP_LOG: '/dev/null' };

/** PYTHONSAFEPATH: modules in the folder that panx is started in are not Python's. */
const always = { PIP_NO_INPUT: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1', PYTHONSAFEPATH: '1' };

function withoutSettings(env: Variables): Record<string, string | undefined> {
  const isOther = (name: string) => !/^(PIP_|PYTHON)/.test(name) || keptOfPython.test(name);
  return Object.fromEntries(Object.entries(env).filter(([name]) => isOther(name)));
}

function settingsOfVariables(env: Variables): [name: string, value: string][] {
  return Object.entries(env).flatMap(([variable, value]): [string, string][] => {
    if (!variable.startsWith('PIP_')) return [];
    const name = variable.slice('PIP_'.length).toLowerCase().replaceAll('_', '-');
    return kept.has(name) && value ? [[name, value]] : []; // An empty variable counts as one that is not set, for pip as well.
  });
}

/** Lines such as `global.index-url='https://host/simple'`; what is for `pip download` alone comes over what is for all commands. */
function settingsOfFiles(configList: string): [name: string, value: string][] {
  return ['global', 'download'].flatMap(section =>
    configList.split('\n').flatMap((line): [string, string][] => {
      const [, of, name, text] = /^(\w+)\.([\w-]+)=(['"].*['"])\s*$/.exec(line) ?? [];
      return of === section && kept.has(name!) && text !== undefined ? [[name!, textOfPython(text)]] : [];
    }),
  );
}

/** A text as Python's `repr` writes it. */
function textOfPython(literal: string): string {
  const controls: Record<string, string> = { n: '\n', r: '\r', t: '\t' };
  return literal
    .slice(1, -1)
    .replaceAll(/\\(?:x(..)|u(....)|U(.{8})|(.))/g, (_, x?: string, u?: string, U?: string, one?: string) =>
      one === undefined ? String.fromCodePoint(Number.parseInt((x ?? u ?? U)!, 16)) : (controls[one] ?? one),
    );
}
