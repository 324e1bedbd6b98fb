/** The settings in which panx and Trainer are held against each other: options of each that every pair of programs here takes. */
export const settings = {
  default: { panx: [], peer: [] },
  bf16: { panx: ['--precision', 'bf16'], peer: ['--bf16'] },
  fp32: { panx: ['--precision', 'fp32'], peer: [] },
  best: {
    panx: ['--precision', 'bf16', '--set', 'training.groupByLength=true'],
    peer: ['--bf16', '--group-by-length'],
  },
};

/** What Trainer computes in under a setting: "bf16, group-by-length". */
export function trainerText(name) {
  const { peer } = settings[name];
  return peer.length === 0 ? 'float32' : peer.map(option => option.replace('--', '')).join(', ');
}
