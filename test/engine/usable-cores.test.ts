import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { usableCores } from '../../src/engine/usable-cores.js';

/** What usableCores finds on a machine of 64 cores with these files. */
async function found(files: Record<string, string>, allowed = '0-63') {
  const root = mkdtempSync(join(tmpdir(), 'panx-cores-'));
  const all = { 'proc/self/status': `Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t${allowed}\n`, ...files };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return await usableCores(root, 64);
}

const v2 = (path: string, mountRoot = '/') => ({
  'proc/self/cgroup': `0::${path}\n`,
  'proc/self/mountinfo': `24 1 0:22 / /proc rw - proc proc rw\n34 31 0:29 ${mountRoot} /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n`,
});

const v1 = (path: string, mountRoot = '/') => ({
  'proc/self/cgroup': `5:memory:/m\n4:cpu,cpuacct:${path}\n3:cpuset:/\n0::/\n`,
  'proc/self/mountinfo': [
    `33 31 0:29 ${mountRoot} /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset`,
    `34 31 0:30 ${mountRoot} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct`,
    '35 31 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n',
  ].join('\n'),
});

const v1Quota = (folder: string, quota: number | string, period: number | string = 100_000) => ({
  [`${folder}/cpu.cfs_quota_us`]: `${quota}\n`,
  [`${folder}/cpu.cfs_period_us`]: `${period}\n`,
});

describe('a CPU quota of cgroup v2', () => {
  it.each([
    ['200000 100000\n', 2, 2],
    ['150000 100000\n', 2, 1.5],
    ['50000 100000\n', 1, 0.5],
    ['1000 100000\n', 1, 0.01],
    ['50000 20000\n', 3, 2.5],
  ])('of %j is %i cores', async (max, cores, quota) => {
    expect(await found({ ...v2('/'), 'sys/fs/cgroup/cpu.max': max })).toEqual({
      cores,
      limit: `/sys/fs/cgroup/cpu.max holds a CPU quota of ${quota}`,
    });
  });

  it.each(['max 100000\n', '', '0 100000\n', '100000 0\n', 'a b\n', '6400000 100000\n'])('of %j is none', async max => {
    expect(await found({ ...v2('/'), 'sys/fs/cgroup/cpu.max': max })).toEqual({ cores: 64, limit: null });
  });

  it('is the smallest of the group and all above it', async () => {
    const files = {
      ...v2('/kubepods.slice/pod 1/box'),
      'sys/fs/cgroup/cpu.max': 'max 100000',
      'sys/fs/cgroup/kubepods.slice/cpu.max': '800000 100000',
      'sys/fs/cgroup/kubepods.slice/pod 1/cpu.max': '300000 100000',
      'sys/fs/cgroup/kubepods.slice/pod 1/box/cpu.max': '400000 100000',
      'sys/fs/cgroup/other/cpu.max': '100000 100000',
    };
    expect(await found(files)).toEqual({
      cores: 3,
      limit: '/sys/fs/cgroup/kubepods.slice/pod 1/cpu.max holds a CPU quota of 3',
    });
  });

  it.each([
    ['its own group as the root', '/', '/'],
    ['the path on the host', '/docker/abc', '/docker/abc'],
    ['a path that cannot be seen', '/docker/abc', '/'],
    ['a path outside of what is mounted', '/../other', '/'],
    ['a group below the container', '/docker/abc/x', '/docker/abc'],
  ])('is found in a container that sees %s', async (_, path, mountRoot) => {
    const { cores } = await found({ ...v2(path, mountRoot), 'sys/fs/cgroup/cpu.max': '200000 100000' });
    expect(cores).toBe(2);
  });
});

describe('a CPU quota of cgroup v1', () => {
  const folder = 'sys/fs/cgroup/cpu,cpuacct';

  it.each([
    [200_000, 100_000, 2],
    [150_000, 100_000, 2],
    [25_000, 50_000, 1],
  ])('of %i in %i is %i cores', async (quota, period, cores) => {
    expect(await found({ ...v1('/'), ...v1Quota(folder, quota, period) })).toEqual({
      cores,
      limit: `/${folder}/cpu.cfs_quota_us holds a CPU quota of ${quota / period}`,
    });
  });

  it.each([
    [-1, 100_000],
    [200_000, ''],
    ['', ''],
  ])('of %s in %s is none', async (quota, period) => {
    expect(await found({ ...v1('/'), ...v1Quota(folder, quota, period) })).toEqual({ cores: 64, limit: null });
  });

  it('is the smallest of the group and all above it, also in a container', async () => {
    const files = { ...v1Quota(`${folder}/a/b`, -1), ...v1Quota(`${folder}/a`, 500_000), ...v1Quota(folder, 700_000) };
    expect((await found({ ...v1('/a/b'), ...files })).cores).toBe(5);
    expect((await found({ ...v1('/docker/x/a/b', '/docker/x'), ...files })).cores).toBe(5);
  });
});

it('reads a mount point with a space', async () => {
  const { cores } = await found({
    'proc/self/cgroup': '0::/g\n',
    'proc/self/mountinfo': '34 31 0:29 / /mnt/my\\040groups rw - cgroup2 cgroup2 rw\n',
    'mnt/my groups/g/cpu.max': '100000 100000',
  });
  expect(cores).toBe(1);
});

describe('an affinity', () => {
  it.each([
    ['0-3', 4],
    ['5', 1],
    ['0-1,8,10-12', 6],
  ])('to %s is %i cores', async (allowed, cores) => {
    expect(await found({}, allowed)).toEqual({ cores, limit: `the affinity of this process is ${cores} of 64` });
  });

  it('counts beside a quota, whichever is less', async () => {
    const quota = { ...v2('/'), 'sys/fs/cgroup/cpu.max': '400000 100000' };
    expect((await found(quota, '0-7')).limit).toBe('/sys/fs/cgroup/cpu.max holds a CPU quota of 4');
    expect((await found(quota, '0-2')).limit).toBe('the affinity of this process is 3 of 64');
  });

  it('of cores that the machine may get, but has not, takes nothing away', async () => {
    expect(await found({}, '0-127')).toEqual({ cores: 64, limit: null });
  });
});

it('finds a core where a system tells nothing', async () => {
  expect((await usableCores('/no/such/root', 0)).cores).toBe(1);
});
