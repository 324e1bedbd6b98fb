import type { CustomSeriesOption } from 'echarts/charts';

/** Half of the length of the strokes at the ends of a bar, in px. */
const capPx = 4;

/**
 * Bars of one standard deviation to each side of the means, as a series of their own; none where no mean has one.
 *
 * @param points position on the axis, mean and standard deviation
 */
export function errorBars(
  points: readonly { at: number; mean: number | null; sd: number | null }[],
  color: string,
): CustomSeriesOption[] {
  const data = points.flatMap(({ at, mean, sd }) => (mean === null || sd === null ? [] : [[at, mean - sd, mean + sd]]));
  if (data.length === 0) return [];
  return [
    {
      type: 'custom',
      silent: true,
      clip: false,
      data,
      encode: { x: 0, y: [1, 2] },
      renderItem: (_, api) => {
        const [x, low] = api.coord([api.value(0), api.value(1)]) as [number, number];
        const [, high] = api.coord([api.value(0), api.value(2)]) as [number, number];
        const line = (x1: number, y1: number, x2: number, y2: number) => ({
          type: 'line' as const,
          shape: { x1, y1, x2, y2 },
          style: { stroke: color, lineWidth: 1.5 },
        });
        return {
          type: 'group',
          children: [
            line(x, low, x, high),
            line(x - capPx, low, x + capPx, low),
            line(x - capPx, high, x + capPx, high),
          ],
        };
      },
    },
  ];
}
