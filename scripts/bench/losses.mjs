/** Whether the losses of panx and of its peer agree. */

/**
 * Of several pairs the one whose losses are furthest apart, and whether even that is within the tolerance, relative to the peer's.
 *
 * Without dropout every step's must agree; with it each program draws other numbers, and their means over the run must.
 *
 * @param pairs of {panx, peer}, each with its losses, step by step
 * @param setting the one they were made in: see settings.mjs
 * @param dropout as the command has it; undefined: the checkpoint's
 * @param ofMeans how far the means may be apart where there is dropout
 */
export function compareLosses(pairs, { setting, dropout, ofMeans }) {
  const stepByStep = dropout !== undefined && Number(dropout) === 0;
  const tolerance = stepByStep ? (setting === 'fp32' ? 1e-5 : 0.02) : ofMeans;
  const compared = pairs.map(pair => {
    const [ours, theirs] = [mean(pair.panx.losses), mean(pair.peer.losses)];
    const away = stepByStep
      ? Math.max(...pair.peer.losses.map((loss, step) => Math.abs(pair.panx.losses[step] - loss) / loss))
      : Math.abs(ours - theirs) / theirs;
    return { panx: ours, peer: theirs, away };
  });
  const worst = compared.reduce((a, b) => (b.away > a.away || Number.isNaN(b.away) ? b : a));
  return { ...worst, of: stepByStep ? 'worst step' : 'mean over the run', tolerance, agree: worst.away <= tolerance };
}

/** "agree: worst step 8.3e-7 apart, at most 1e-5" */
export function lossesText({ agree, of, away, tolerance }) {
  return `${agree ? 'agree' : 'DO NOT AGREE'}: ${of} ${away.toExponential(1)} apart, at most ${tolerance}`;
}

export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
