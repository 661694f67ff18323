// The wall on one screen: while rooms stand side by side, their meters give up height to what stands above and below.

const LEAST_PX = 64;
const MOST_PX = 240;
/** A part of the window's height: what meters have where there is room for all. */
const PART = 0.21;
const MARGIN_PX = 6;
/** Meters shrink at once and grow by no less: a line of figures that wraps now and then does not make them jump. */
const STEP_PX = 20;

/** @type {number | null} */
let bars_px = null;

/** @param {readonly HTMLElement[]} rooms */
export function mountFit(rooms) {
  const walls = rooms.flatMap((room) => [...room.querySelectorAll(".wall")]);
  const look = () => fit(walls);
  const watch = new ResizeObserver(look);
  for (const one of [...walls, ...document.querySelectorAll(".alarms, .bar")]) watch.observe(one);
  addEventListener("resize", look);
  look();
}

/** @param {readonly Element[]} walls */
function fit(walls) {
  const { documentElement: root } = document;
  const shown = walls.map((wall) => wall.getBoundingClientRect()).filter(({ height }) => height > 0);
  const areBeside = shown.length > 1 && shown.every(({ top }) => Math.abs(top - (shown[0]?.top ?? 0)) < 1);
  if (!areBeside) {
    bars_px = null;
    root.style.removeProperty("--bars");
    return;
  }
  const most = Math.min(MOST_PX, Math.max(LEAST_PX, Math.round(PART * innerHeight)));
  const spare = innerHeight - MARGIN_PX - scrollY - Math.max(...shown.map(({ bottom }) => bottom));
  const wanted = Math.min(most, Math.max(LEAST_PX, Math.floor((bars_px ?? barsNow(root)) + spare)));
  const isTooLittle = bars_px !== null && wanted > bars_px && wanted < most && wanted - bars_px < STEP_PX;
  if (wanted === bars_px || isTooLittle) return;
  bars_px = wanted;
  root.style.setProperty("--bars", `${wanted}px`);
}

/** @param {Element} root */
function barsNow(root) {
  return root.querySelector(".bars")?.clientHeight ?? LEAST_PX;
}
