// One after the other: the worker handles several events at a time, and two must not change the same thing.

/** Runs what it is given one after the other, in the order in which it was given. */
export class Line {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#last.then(task, task);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
