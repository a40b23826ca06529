import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BOOLEAN, type Members, OBJECT, readList, STRING, STRINGS } from "./members.ts";

/** What a fine-grained token may do with a repository, by permission. */
export type Permissions = Readonly<Record<string, "read" | "write">>;

/** A repository as the stand-in shows it, as `POST /_repository` takes it. All members may be left out. */
export interface StandInRepository {
	/** owner/name; left out, every one. */
	readonly repository?: string;
	readonly defaultBranch?: string;
	/** Branches and tags that exist beside the default branch, such as `release` or `refs/tags/v1`. */
	readonly refs?: readonly string[];
	readonly private?: boolean;
	readonly archived?: boolean;
	readonly disabled?: boolean;
	/** Whether Actions are on. */
	readonly actions?: boolean;
	/** Workflow files of the default branch: their texts by name, such as `train.yml`. */
	readonly workflows?: Readonly<Record<string, string>>;
	/** Or a folder of this machine with `.github/workflows` in it. */
	readonly folder?: string;
	/** States of workflows by name of the file; those left out are active. */
	readonly states?: Readonly<Record<string, string>>;
	/** The token that is used with it. */
	readonly token?: {
		/** As a fine-grained token has them; left out, it may do everything. */
		readonly permissions?: Permissions;
		/** As a classic token has them. */
		readonly scopes?: readonly string[];
		/** ISO 8601. */
		readonly expiresAt?: string;
	};
}

/** A repository whose one workflow listens to everything: what every repository is that was not described. */
export const LISTENING: StandInRepository = {
	workflows: {
		"listen.yml": `name: Listen to everything
run-name: \${{ github.event.action }} (\${{ github.event.client_payload.bridge.key }})
on:
  repository_dispatch:
jobs:
  listen:
    runs-on: ubuntu-latest
    steps:
      - run: printf '%s\\n' "$TYPE"
        env:
          TYPE: \${{ github.event.action }}
`,
	},
};

/** A workflow that takes these inputs: what a repository has that was not described, under every name. */
export function workflowTaking(inputs: readonly string[]): string {
	const values = inputs.map((name) => `\${{ inputs['${name}'] }}`).join(", ");
	return JSON.stringify({
		name: "Take every input",
		...(inputs.length === 0 ? {} : { "run-name": `Take every input (${values})` }),
		on: { workflow_dispatch: { inputs: Object.fromEntries(inputs.map((name) => [name, {}])) } },
	});
}

const MEMBERS: Members<StandInRepository> = {
	repository: STRING,
	defaultBranch: STRING,
	refs: STRINGS,
	private: BOOLEAN,
	archived: BOOLEAN,
	disabled: BOOLEAN,
	actions: BOOLEAN,
	workflows: OBJECT,
	folder: STRING,
	states: OBJECT,
	token: OBJECT,
};

/**
 * Reads one repository or an array of them, as JSON.
 * @throws TypeError naming what is wrong, or as `readdirSync` does for the folder
 */
export function readRepositories(given: unknown): readonly StandInRepository[] {
	return readList<StandInRepository>(given, "repository", MEMBERS).map(({ folder, workflows, ...rest }) => ({
		...rest,
		workflows: { ...(folder === undefined ? {} : readFolder(folder)), ...workflows },
	}));
}

/** A branch or tag by its short name; undefined where it does not exist. */
export function refIn({ defaultBranch = "main", refs = [] }: StandInRepository, wanted: string): string | undefined {
	const short = (ref: string) => ref.replace(/^refs\/(heads|tags)\//, "");
	return [defaultBranch, ...refs].some((ref) => short(ref) === short(wanted)) ? short(wanted) : undefined;
}

function readFolder(folder: string): Record<string, string> {
	const path = join(folder, ".github/workflows");
	const files = readdirSync(path).filter((name) => /\.ya?ml$/.test(name));
	return Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(path, name), "utf8")]));
}
