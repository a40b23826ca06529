import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How `az` is to answer a call that this pattern fits (as bash compares with `==`): with a status and a text. */
export interface AzAnswer {
	readonly call: string;
	readonly status?: number;
	readonly output?: string;
	/** What is in the blob that this call downloads. */
	readonly blob?: string;
}

/** Writes its call and the token that it sees down, and answers with the first that fits: with its blob, too. */
const SCRIPT = `#!/usr/bin/env bash
printf '%s\\t%s\\n' "\${DISPATCH_TOKEN-}" "$*" >> "$AZ_FOLDER/calls"
while IFS=$'\\t' read -r call status blob output; do
  if [[ "$*" == $call ]]; then
    for word in "$@"; do
      if [ "\${before-}" = --file ] && [ "$blob" = yes ]; then cp "$AZ_FOLDER/blob" "$word"; fi
      before=$word
    done
    if [ -n "$output" ]; then printf '%s\\n' "$output"; fi
    exit "$status"
  fi
done < "$AZ_FOLDER/answers"
`;

/** Puts an `az` into a folder that answers so, and everything else with success and silence. */
export function putAz(folder: string, answers: readonly AzAnswer[]): void {
	const lines = answers.map(({ call, status = 0, output = "", blob }) => {
		if (blob !== undefined) writeFileSync(join(folder, "blob"), blob);
		return `${[call, status, blob === undefined ? "no" : "yes", output].join("\t")}\n`;
	});
	writeFileSync(join(folder, "answers"), lines.join(""));
	writeFileSync(join(folder, "calls"), "");
	writeFileSync(join(folder, "az"), SCRIPT);
	chmodSync(join(folder, "az"), 0o755);
}
