// IUM's own pages: tells them that the extension is there, in which version, and whether somebody is signed in.

import type { Snapshot } from "../shared/types.ts";
import { tellWorker } from "./worker.ts";

async function mark(): Promise<void> {
  const answer = await tellWorker<Partial<Snapshot>>({ type: "marker" });
  if (!answer?.version) return; // another page of this host
  document.documentElement.dataset["iumExtension"] = answer.version;
  document.documentElement.dataset["iumExtensionSignedIn"] = answer.signedIn ? "yes" : "no";
}

void mark();
