// awake.js - the screen stays on while somebody practises; after it was locked all the same,
// camera and microphone go on.

// Returns what ends it.
export function stayAwake(capture, self) {
  let lock = null, over = false;
  const hold = async () => {
    if (document.visibilityState !== 'visible') return;
    lock = await navigator.wakeLock?.request('screen').catch(() => null);
    if (over) lock?.release();
    if (over || !(await capture.revive())) return;
    if (over) capture.close();
    else self.srcObject = capture.stream;
  };
  document.addEventListener('visibilitychange', hold);
  hold();
  return () => {
    over = true;
    document.removeEventListener('visibilitychange', hold);
    lock?.release();
  };
}
