// What the page itself can ask Jira, with the session that the person has there anyway, and what it must not destroy.

const TIMEOUT = 5000;

async function ask(path: string): Promise<unknown> {
  try {
    const response = await fetch(new URL(path, location.origin), {
      credentials: "include",
      headers: { Accept: "application/json" },
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT),
    });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/** The type of a project by Jira's own word (GET /rest/api/3/project/{key}); null when Jira does not tell. */
export async function projectKind(key: string): Promise<string | null> {
  const answer = await ask(`/rest/api/3/project/${encodeURIComponent(key)}?properties=`);
  const kind = (answer as { projectTypeKey?: unknown } | null)?.projectTypeKey;
  return typeof kind === "string" ? kind : null;
}

interface Permissions {
  permissions?: { BROWSE_PROJECTS?: { havePermission?: unknown } };
}

/** Whether Jira lets the person in (GET /rest/api/3/mypermissions). */
export async function hasAccess(product: string): Promise<boolean> {
  if (product === "confluence") return (await ask("/wiki/rest/api/user/current")) !== null;
  const answer = await ask("/rest/api/3/mypermissions?permissions=BROWSE_PROJECTS");
  return (answer as Permissions | null)?.permissions?.BROWSE_PROJECTS?.havePermission === true;
}

const EDITABLE = "textarea, input, [contenteditable]:not([contenteditable='false'])";
const edited = new Set<WeakRef<Element>>();

/** Remember into which fields something was written: only which, never what. */
export function watchEditors(signal: AbortSignal): void {
  const written = (event: Event) => {
    const field = event.composedPath()[0];
    if (!event.isTrusted || !(field instanceof Element)) return;
    const editor = field.closest(EDITABLE) ?? field;
    if (![...edited].some((known) => known.deref() === editor)) edited.add(new WeakRef(editor));
  };
  addEventListener("input", written, { capture: true, passive: true, signal });
}

/** Whether there may be unsaved text in the page: then it is never loaded anew. */
export function editorOpen(): boolean {
  if ([...edited].some((field) => field.deref()?.isConnected)) return true;
  const editors = document.querySelectorAll<HTMLElement>("[contenteditable]:not([contenteditable='false'])");
  return [...editors].some((editor) => editor.isConnected && editor.offsetParent !== null);
}
