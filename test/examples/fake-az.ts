import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How `az` is to answer a call that this pattern fits (as bash compares with `==`): with a status and a text. */
export interface AzAnswer {
	readonly call: string;
	readonly status?: number;
	readonly output?: string;
	/** What it writes to its errors. */
	readonly error?: string;
}

/** Writes its call and the token that it sees down, and answers with the first that fits. */
const SCRIPT = `#!/usr/bin/env bash
printf '%s\\t%s\\n' "\${DISPATCH_TOKEN-}" "$*" >> "$AZ_FOLDER/calls"
while IFS=$'\\x1f' read -r call status output error; do
  if [[ "$*" == $call ]]; then
    if [ -n "$error" ]; then printf '%s\\n' "$error" >&2; fi
    if [ -n "$output" ]; then printf '%s\\n' "$output"; fi
    exit "$status"
  fi
done < "$AZ_FOLDER/answers"
`;

/** Puts an `az` into a folder that answers so, and everything else with success and silence. */
export function putAz(folder: string, answers: readonly AzAnswer[]): void {
	// Bash takes two tabs for one.
	const lines = answers.map(
		({ call, status = 0, output = "", error = "" }) => `${[call, status, output, error].join("\x1f")}\n`,
	);
	writeFileSync(join(folder, "answers"), lines.join(""));
	writeFileSync(join(folder, "calls"), "");
	writeFileSync(join(folder, "az"), SCRIPT);
	chmodSync(join(folder, "az"), 0o755);
}
