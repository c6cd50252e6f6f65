// The script of Atlassian's "request access" page.

import { lead } from "./detour.ts";

void lead();
