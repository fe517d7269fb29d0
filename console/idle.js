// Forgets what is secret when nobody is there any more.

const SIGNS_OF_LIFE = ["pointerdown", "keydown", "wheel"];

/** Calls `forget` when nobody has used the page for `patience` milliseconds. Answers how to stop waiting. */
export function whenIdle(patience, forget) {
  let last = Date.now();
  let timer;
  const wait = (left) => {
    clearTimeout(timer);
    timer = setTimeout(check, left);
  };
  // A machine that slept has let no timer run: what counts is the clock.
  const check = () => {
    const left = last + patience - Date.now();
    if (left > 0) return wait(left);
    stop();
    forget();
  };
  const alive = () => {
    check();
    last = Date.now();
  };
  const stop = () => {
    clearTimeout(timer);
    SIGNS_OF_LIFE.forEach((name) => removeEventListener(name, alive, true));
    document.removeEventListener("visibilitychange", check);
  };
  SIGNS_OF_LIFE.forEach((name) => addEventListener(name, alive, { capture: true, passive: true }));
  document.addEventListener("visibilitychange", check);
  wait(patience);
  return stop;
}
