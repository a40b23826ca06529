import { isLoopback } from "./is-loopback.ts";
import { redact } from "./report.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** One thing that is wrong: the setting, and what to do about it. */
export interface Problem {
	readonly setting: string;
	readonly problem: string;
}

const UNRESOLVED_REFERENCE =
	"still reads @Microsoft.KeyVault(…): the platform could not resolve the reference. Check that the identity may read the secret, or set KEY_VAULT_URL and let the bridge read it itself";

/** The app's settings while they are being read: hands out their texts, and gathers what is wrong with them. */
export class Settings {
	readonly warnings: string[] = [];
	private readonly env: Env;
	private readonly refused: Problem[] = [];
	private readonly unresolved = new Set<string>();

	constructor(env: Env) {
		this.env = env;
	}

	/**
	 * A setting's text. White space around it, such as a pasted line break, never counts, and an empty text is none.
	 * A reference to a key vault that the platform could not resolve is a problem, and none either.
	 */
	get(name: string): string | undefined {
		const value = this.env[name]?.trim();
		if (!value?.startsWith("@Microsoft.KeyVault(")) return value === "" ? undefined : value;
		this.unresolved.add(name);
		return undefined;
	}

	/** A problem may quote what was set. Health shows it to everybody, so no secret that was pasted into the wrong place. */
	refuse(setting: string, problem: string): void {
		this.refused.push({ setting, problem: redact(problem) });
	}

	/** Whether any of them is an unresolved reference, so that it need not be called missing as well. */
	isUnresolved(...names: string[]): boolean {
		return names.some((name) => this.unresolved.has(name));
	}

	/** Everything that is wrong; of an unresolved reference no more than that. */
	problems(): readonly Problem[] {
		const references = [...this.unresolved].map((setting) => ({ setting, problem: UNRESOLVED_REFERENCE }));
		return [...references, ...this.refused.filter(({ setting }) => !this.unresolved.has(setting))];
	}

	/** The text of a setting as a URL that may be called: https, or plain http on this machine. */
	url(name: string, text: string, example: string): URL | undefined {
		const url = URL.canParse(text) ? new URL(text) : undefined;
		if (url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url))) return url;
		const wrong = url === undefined ? "is not a URL" : "must be https (plain http is taken on loopback only)";
		this.refuse(name, `"${text}" ${wrong}; expected ${example}`);
		return undefined;
	}
}
