// The screen must not go dark while somebody speaks or is watched; the browser lets go of the lock when a page is hidden.

let isKept = false;

/** Keep this machine's screen on from now on, where the browser can. */
export function keepAwake() {
  if (isKept) return;
  isKept = true;
  const ask = () => {
    if (!document.hidden) void navigator.wakeLock?.request("screen").catch(() => {});
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}
