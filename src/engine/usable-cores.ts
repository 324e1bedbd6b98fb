import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join } from 'node:path';

/** How many cores this process may use, and what keeps it from the machine's others. */
interface UsableCores {
  cores: number;
  /** In words; null where they are all the machine has. */
  limit: string | null;
}

/**
 * The machine's cores, less what the affinity mask (which a cpuset of a container sets too) and the CPU quotas of its cgroups take away. Part of a
 * core counts as one, as the JVM has it: of a quota of 1.5 cores two threads use all, and one does not. `availableParallelism` of Node.js 20 knows no
 * quota, and that of later releases rounds down, so both are asked of Linux itself: the count is the same with every Node.js.
 *
 * @param root where proc/ and sys/ lie
 * @param machine cores of the machine
 */
export async function usableCores(root = '/', machine: number = cpus().length): Promise<UsableCores> {
  const allowed = (await coresOfAffinity(root)) ?? availableParallelism();
  const all = Math.max(1, machine); // Some systems list none.
  const quota = await quotaOf(root);
  const ofQuota = quota === null ? Number.POSITIVE_INFINITY : Math.max(1, Math.ceil(quota.cores));
  if (quota !== null && ofQuota < Math.min(allowed, all)) {
    return { cores: ofQuota, limit: `${quota.file} holds a CPU quota of ${Number(quota.cores.toFixed(2))}` };
  }
  return allowed < all
    ? { cores: Math.max(1, allowed), limit: `the affinity of this process is ${allowed} of ${all}` }
    : { cores: all, limit: null };
}

/** "Cpus_allowed_list:	0-3,8" -> 5. */
async function coresOfAffinity(root: string): Promise<number | undefined> {
  const list = /^Cpus_allowed_list:\s*([\d,-]+)$/m.exec(await textOf(join(root, 'proc/self/status')))?.[1];
  return list?.split(',').reduce((count, range) => {
    const [first, last = first] = range.split('-').map(Number);
    return count + last! - first! + 1;
  }, 0);
}

/** A quota, in cores, and the file that holds it. */
interface Quota {
  cores: number;
  file: string;
}

/** The smallest quota of the cgroups that this process is in and of all above them, of either version; null where none has one. */
async function quotaOf(root: string): Promise<Quota | null> {
  const [groups, mounts] = await Promise.all([
    textOf(join(root, 'proc/self/cgroup')),
    textOf(join(root, 'proc/self/mountinfo')),
  ]);
  let smallest: Quota | null = null;
  for (const { version, mountPoint, mountRoot } of mountsOf(mounts)) {
    const path = pathOf(groups, version);
    if (path === undefined) continue;
    for (const folder of foldersUp(mountPoint, insideOf(mountRoot, path))) {
      const quota = await quotaIn(root, folder, version);
      if (quota !== null && quota.cores < (smallest?.cores ?? Number.POSITIVE_INFINITY)) smallest = quota;
    }
  }
  return smallest;
}

interface Mount {
  version: 1 | 2;
  mountPoint: string;
  /** Which cgroup of the hierarchy is seen at the mount point: in a container often its own. */
  mountRoot: string;
}

/** Lines such as `34 31 0:29 /docker/x /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu,cpuacct` (proc_pid_mountinfo(5)). */
function mountsOf(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line): Mount[] => {
    const [fields = '', more = ''] = line.split(' - ');
    const [mountRoot, mountPoint] = fields.split(' ').slice(3, 5).map(unescaped);
    const [type, , options = ''] = more.split(' ');
    if (mountRoot === undefined || mountPoint === undefined) return [];
    if (type === 'cgroup2') return [{ version: 2, mountPoint, mountRoot }];
    return type === 'cgroup' && options.split(',').includes('cpu') ? [{ version: 1, mountPoint, mountRoot }] : [];
  });
}

/** `0::/a/b` is of version 2, and `4:cpu,cpuacct:/a/b` of version 1 (cgroups(7)). */
function pathOf(groups: string, version: Mount['version']): string | undefined {
  for (const line of groups.split('\n')) {
    const [, number, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    const isIt = version === 2 ? number === '0' && controllers === '' : controllers?.split(',').includes('cpu');
    if (isIt) return path;
  }
  return undefined;
}

/** Where a cgroup lies below what is mounted. One outside of it cannot be seen: then what is mounted is what there is. */
function insideOf(mountRoot: string, path: string): string {
  if (path.split('/').includes('..')) return '/';
  if (mountRoot === '/') return path;
  return path === mountRoot || path.startsWith(`${mountRoot}/`) ? path.slice(mountRoot.length) || '/' : '/';
}

/** The folder of a cgroup and those above it, up to the mount point. */
function foldersUp(mountPoint: string, path: string): string[] {
  const folders: string[] = [];
  for (let at = path; at !== '/'; at = dirname(at)) folders.push(join(mountPoint, at));
  return [...folders, mountPoint];
}

async function quotaIn(root: string, folder: string, version: Mount['version']): Promise<Quota | null> {
  const file = join(folder, version === 2 ? 'cpu.max' : 'cpu.cfs_quota_us');
  const [quota, period] =
    version === 2
      ? (await textOf(join(root, file))).trim().split(' ') // "150000 100000", or "max 100000"
      : [await textOf(join(root, file)), await textOf(join(root, folder, 'cpu.cfs_period_us'))]; // -1 is none
  const cores = Number(quota) / Number(period);
  return cores > 0 && Number.isFinite(cores) ? { cores, file } : null;
}

async function textOf(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => ''); // No Linux, or no such cgroup.
}

/** A space in a path stands as `\040` there. */
function unescaped(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
