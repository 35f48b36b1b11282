// What a long start is doing: one line that counts the seconds on a terminal, one line per step elsewhere.

export interface Progress {
  step(message: string): void;
  /** Clears the line. */
  end(): void;
}

const everyMs = 100;
const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** `write` goes to stderr. */
export function progress(write: (text: string) => void, terminal: boolean): Progress {
  if (!terminal) return { step: (message) => write(`${message}\n`), end: () => undefined };
  let message: string | undefined;
  let sinceMs = 0;
  let frame = 0;
  const draw = () => {
    if (message === undefined) return;
    const seconds = ((performance.now() - sinceMs) / 1000).toFixed(1);
    write(`\r\u001b[2K${frames[frame++ % frames.length]} ${message} ${seconds} s`);
  };
  const timer = setInterval(draw, everyMs).unref();
  const finish = () => {
    if (message !== undefined) {
      write(`\r\u001b[2K✓ ${message} ${((performance.now() - sinceMs) / 1000).toFixed(1)} s\n`);
    }
  };
  return {
    step(next) {
      finish();
      message = next;
      sinceMs = performance.now();
      draw();
    },
    end() {
      finish();
      message = undefined;
      clearInterval(timer);
    },
  };
}
