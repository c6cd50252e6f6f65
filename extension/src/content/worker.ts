// How a page talks to the worker. After an update or a reload of the extension the page's script has no worker any
// more: then it takes itself away.

import { api } from "../shared/browser.ts";
import type { Message } from "../shared/types.ts";

const orphaned = new AbortController();

/** Aborted when the extension was taken away from under this page: listeners hang on it. */
export const gone: AbortSignal = orphaned.signal;

/** Send a message; answers null when there is no answer. */
export async function tellWorker<T>(message: Message): Promise<T | null> {
  if (gone.aborted) return null;
  if (!api.runtime?.id) {
    orphaned.abort();
    return null;
  }
  try {
    return ((await api.runtime.sendMessage(message)) as T | undefined) ?? null;
  } catch {
    if (!api.runtime?.id) orphaned.abort();
    return null;
  }
}
