/** A list of which only the items in sight, and some beyond, are in the page. Items may be of any height, which is measured when they come. */
export interface VirtualList<Item> {
  /** @param at the item that is current and brought into sight; -1: none, from the top */
  show(items: readonly Item[], at: number): void;
  /** Go to the next item (1) or the one before (-1). */
  step(by: number): void;
}

/** px beyond what is in sight that is kept ready. */
const margin = 600;

export function createVirtualList<Item>(
  box: HTMLElement,
  {
    estimate,
    render,
    onCurrent,
  }: {
    /** Height in px of an item that was not shown yet. */
    estimate(item: Item, width: number): number;
    render(item: Item): HTMLElement;
    onCurrent(item: Item | null): void;
  },
): VirtualList<Item> {
  const list = box.querySelector('ol')!;
  let items: readonly Item[] = [];
  /** (items) */
  let heights = new Float64Array(0);
  /** (items + 1) px from the top. */
  let tops = new Float64Array(1);
  let current = -1;
  const drawn = new Map<number, HTMLElement>();
  let width = box.clientWidth;

  const sum = () => {
    for (let i = 0; i < items.length; i++) tops[i + 1] = tops[i]! + heights[i]!;
    list.style.height = `${tops[items.length]}px`;
  };
  /** The item at a place. */
  const itemAt = (px: number): number => {
    let [low, high] = [0, items.length];
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if (tops[middle]! <= px) low = middle;
      else high = middle;
    }
    return low;
  };
  const draw = () => {
    // What is measured may move what is below it, and bring more into sight.
    for (let round = 0; round < 4; round++) if (!drawOnce()) return;
  };
  const drawOnce = (): boolean => {
    if (items.length === 0) return false;
    const anchor = itemAt(box.scrollTop);
    const into = box.scrollTop - tops[anchor]!;
    const first = itemAt(box.scrollTop - margin);
    const last = itemAt(box.scrollTop + box.clientHeight + margin);
    for (const [i, element] of drawn) {
      if (i >= first && i <= last) continue;
      element.remove();
      drawn.delete(i);
    }
    let before: Element | null = null;
    for (let i = first; i <= last; i++) {
      if (!drawn.has(i)) {
        const made = drawItem(i);
        if (before === null) list.prepend(made);
        else before.after(made);
        drawn.set(i, made);
      }
      before = drawn.get(i)!;
    }
    let changed = false;
    for (const [i, element] of drawn) {
      const height = element.offsetHeight;
      if (height !== heights[i]) [heights[i], changed] = [height, true];
    }
    if (changed) sum();
    for (const [i, element] of drawn) element.style.top = `${tops[i]}px`;
    // What one looks at stays where it is.
    if (changed && Math.abs(tops[anchor]! + into - box.scrollTop) >= 1) box.scrollTop = tops[anchor]! + into;
    return changed;
  };
  const drawItem = (i: number): HTMLElement => {
    const made = render(items[i]!);
    made.setAttribute('aria-setsize', String(items.length));
    made.setAttribute('aria-posinset', String(i + 1));
    made.tabIndex = -1;
    if (i === current) made.setAttribute('aria-current', 'true');
    made.addEventListener('click', () => setCurrent(i));
    return made;
  };
  const setCurrent = (i: number) => {
    drawn.get(current)?.removeAttribute('aria-current');
    current = i;
    drawn.get(current)?.setAttribute('aria-current', 'true');
    onCurrent(items[i] ?? null);
  };
  const reveal = (i: number) => {
    for (let round = 0; round < 3; round++) {
      const [top, bottom] = [tops[i]!, tops[i + 1]!];
      if (top < box.scrollTop) box.scrollTop = top;
      else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = Math.min(top, bottom - box.clientHeight);
      draw();
    }
  };

  box.addEventListener('scroll', () => requestAnimationFrame(draw), { passive: true });
  new ResizeObserver(() => {
    if (box.clientWidth === width) return draw();
    width = box.clientWidth;
    for (let i = 0; i < items.length; i++) heights[i] = estimate(items[i]!, width);
    sum();
    draw();
  }).observe(box);

  return {
    show(next, at) {
      items = next;
      heights = new Float64Array(items.length);
      tops = new Float64Array(items.length + 1);
      for (let i = 0; i < items.length; i++) heights[i] = estimate(items[i]!, width);
      sum();
      for (const element of drawn.values()) element.remove();
      drawn.clear();
      current = at;
      box.scrollTop = at > 0 ? tops[at]! : 0;
      draw();
      if (at >= 0) reveal(at);
    },
    step(by) {
      if (items.length === 0) return;
      const from = current >= 0 ? current + by : itemAt(box.scrollTop + 1);
      setCurrent(Math.max(0, Math.min(items.length - 1, from)));
      reveal(current);
      drawn.get(current)?.focus({ preventScroll: true });
    },
  };
}
