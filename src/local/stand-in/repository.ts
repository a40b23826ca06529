import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What a fine-grained token may do with a repository, by permission. */
export type Permissions = Readonly<Record<string, "read" | "write">>;

/** A repository as the stand-in shows it to who looks, as `POST /_repository` takes it. All members may be left out. */
export interface StandInRepository {
	/** owner/name; left out, every one. */
	readonly repository?: string;
	readonly defaultBranch?: string;
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

/** A repository whose one workflow listens to everything: what is looked at where nothing else was said. */
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

const KEYS: Readonly<Record<keyof StandInRepository, "string" | "boolean" | "object">> = {
	repository: "string",
	defaultBranch: "string",
	private: "boolean",
	archived: "boolean",
	disabled: "boolean",
	actions: "boolean",
	workflows: "object",
	folder: "string",
	states: "object",
	token: "object",
};

/**
 * Reads one repository or an array of them, as JSON.
 * @throws TypeError naming what is wrong
 */
export function readRepositories(given: unknown): readonly StandInRepository[] {
	return (Array.isArray(given) ? given : [given]).map((one: unknown, index) => {
		const place = `repository[${index}]`;
		if (typeof one !== "object" || one === null || Array.isArray(one))
			throw new TypeError(`${place} must be an object`);
		for (const [key, value] of Object.entries(one)) {
			const kind = (KEYS as Readonly<Record<string, string>>)[key];
			if (kind === undefined) {
				throw new TypeError(`${place}: there is no "${key}"; there are ${Object.keys(KEYS).join(", ")}`);
			}
			if (typeof value !== kind || value === null) throw new TypeError(`${place}.${key} must be a ${kind}`);
		}
		const { folder, workflows, ...rest } = one as StandInRepository;
		return { ...rest, workflows: { ...(folder === undefined ? {} : readFolder(folder)), ...workflows } };
	});
}

function readFolder(folder: string): Record<string, string> {
	const path = join(folder, ".github/workflows");
	const files = readdirSync(path).filter((name) => /\.ya?ml$/.test(name));
	return Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(path, name), "utf8")]));
}
