import { describe, expect, it } from 'vitest';
import { environmentOfDownload, environmentOfQuestion } from '../../../src/engine/tensorflow/pip-settings.js';

const always = { PIP_NO_INPUT: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1', PYTHONSAFEPATH: '1' };
const added = { ...always, PIP_RETRIES: '1', PIP_CONFIG_FILE: '/dev/null' };

describe('the environment in which pip brings wheels', () => {
  it('has what says how its indexes are reached, of files and over them of variables', () => {
    const list = [
      "download.timeout='9'",
      "global.cert='/etc/ssl/corp.pem'",
      "global.extra-index-url='\\nhttps://a/simple\\nhttps://b/simple'",
      "global.index-url='https://user:pa\\'s\\\\s\\x41@host/simple'",
      'global.proxy="http://it\'s:3128"',
      "global.require-virtualenv='true'",
      "global.timeout='5'",
      "install.index-url='https://for.install.alone/simple'",
      "install.user='true'",
      'Configuration file of another form',
      '',
    ].join('\n');
    const env = {
      PATH: '/bin',
      PIP_CERT: '/mine.pem',
      PIP_REQUIRE_HASHES: '1',
      PIP_TRUSTED_HOST: 'host',
      PIP_PROXY: '',
    };
    expect(environmentOfDownload(list, env)).toEqual({
      ...added,
      PATH: '/bin',
      PIP_CERT: '/mine.pem',
      PIP_EXTRA_INDEX_URL: '\nhttps://a/simple\nhttps://b/simple',
      PIP_INDEX_URL: "https://user:pa's\\sA@host/simple",
      PIP_PROXY: "http://it's:3128",
      PIP_TIMEOUT: '9',
      PIP_TRUSTED_HOST: 'host',
    });
  });

  it('tries again once, unless told otherwise', () => {
    expect(environmentOfDownload('', {})).toEqual(added);
    expect(environmentOfDownload('', { PIP_RETRIES: '7' })).toEqual({ ...added, PIP_RETRIES: '7' });
  });

  it('has no variables of Python that may be meant for another, and those of proxies', () => {
    const env = {
      HTTPS_PROXY: 'http://p',
      PYTHONHOME: '/x',
      PYTHONPATH: '/y',
      PYTHONWARNINGS: 'error',
      VIRTUAL_ENV: '/v',
    };
    expect(environmentOfDownload('', { ...env, PYTHONUSERBASE: '/u' })).toEqual({
      ...added,
      HTTPS_PROXY: 'http://p',
      VIRTUAL_ENV: '/v',
      PYTHONUSERBASE: '/u',
    });
  });
});

it('pip is asked for the settings of its files, of which one may be named, and answers', () => {
  const env = { PATH: '/bin', PIP_QUIET: '3', PIP_LOG: '/no/such', PIP_CONFIG_FILE: '/c', PYTHONPATH: '/y' };
  const list = { PIP_QUIET: '0', PIP_USER: '0', PIP_SITE: '0', PIP_GLOBAL: '0', PIP_LOG: '/dev/null' };
  expect(environmentOfQuestion(env)).toEqual({ ...always, ...list, PATH: '/bin', PIP_CONFIG_FILE: '/c' });
});
