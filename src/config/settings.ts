import { redact } from "../log.ts";
import { LEDGER } from "../storage/storage.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** One thing that is wrong: the setting, and what to do about it. */
export interface Problem {
	readonly setting: string;
	readonly problem: string;
}

const UNRESOLVED_REFERENCE =
	"still reads @Microsoft.KeyVault(…): the platform could not resolve the reference. Check that the identity may read the secret, or set KEY_VAULT_URL and let the bridge read it itself";

/** The app's settings while they are being read: gives their texts, and collects their problems. */
export class Settings {
	readonly warnings: string[] = [];
	private readonly env: Env;
	private readonly refused: Problem[] = [];
	private readonly unresolved = new Set<string>();

	constructor(env: Env) {
		this.env = env;
	}

	/**
	 * A setting's text without white space around it, such as a pasted line break. Undefined if it is empty.
	 * An unresolved reference to a key vault is a problem, and its text is undefined, too.
	 */
	get(name: string): string | undefined {
		const value = this.env[name]?.trim();
		if (!value?.startsWith("@Microsoft.KeyVault(")) return value === "" ? undefined : value;
		this.unresolved.add(name);
		return undefined;
	}

	/** The number of a setting, or the usual one. What is refused is never used. */
	number(
		name: string,
		usual: number,
		{ from, to, whole = false }: { readonly from: number; readonly to: number; readonly whole?: boolean },
	): number {
		const text = this.get(name);
		const value = text === undefined ? usual : Number(text);
		const fits = value >= from && value <= to && (Number.isInteger(value) || !whole);
		if (!fits) this.refuse(name, `"${text}" is not a ${whole ? "whole " : ""}number from ${from} to ${to}`);
		return fits ? value : usual;
	}

	/** Whether a setting is `on` or `off`, or the usual one. */
	flag(name: string, usual: boolean): boolean {
		const text = this.get(name)?.toLowerCase();
		if (text !== undefined && text !== "on" && text !== "off") this.refuse(name, `"${text}" must be on or off`);
		return text === undefined ? usual : text !== "off";
	}

	/** A problem may quote what was set. Health shows it openly, so a secret that was pasted into the wrong place is cut out. */
	refuse(setting: string, problem: string): void {
		const refused = { setting, problem: redact(problem) };
		// Two services may read the same setting.
		if (!this.refused.some((one) => one.setting === setting && one.problem === refused.problem))
			this.refused.push(refused);
	}

	/** Whether one of them is an unresolved reference. Then it is not reported as missing as well. */
	isUnresolved(...names: string[]): boolean {
		return names.some((name) => this.unresolved.has(name));
	}

	/** Everything that is wrong; of an unresolved reference no more than that. */
	problems(): readonly Problem[] {
		const references = [...this.unresolved].map((setting) => ({ setting, problem: UNRESOLVED_REFERENCE }));
		return [...references, ...this.refused.filter(({ setting }) => !this.unresolved.has(setting))];
	}

	/**
	 * The text of a setting as a URL that may be called: https, or plain http on this machine, and nothing in it that is
	 * no address. What could be a secret is not shown.
	 * @param example what to write in its place
	 */
	url(name: string, text: string, example: string): URL | undefined {
		const url = URL.canParse(text) ? new URL(text) : undefined;
		const wrong = whatIsWrong(url);
		if (wrong === undefined) return url;
		this.refuse(name, `"${withoutSecretParts(text)}" ${wrong}; expected ${example}`);
		return undefined;
	}
}

function whatIsWrong(url: URL | undefined): string | undefined {
	if (url === undefined) return "is not a URL";
	if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url))) {
		return "must be https (plain http is accepted only for this machine)";
	}
	if (url.username !== "" || url.password !== "")
		return "contains credentials, which would be sent and logged; remove them";
	return url.search !== "" || url.hash !== ""
		? "has a query or a fragment; remove it, because the bridge appends paths"
		: undefined;
}

/** The text before an @ may be a password, and a query may contain a key, even if someone put them there by mistake. */
function withoutSecretParts(text: string): string {
	return text.replace(/[?#].*$/s, "").replace(/^([a-z][a-z0-9+.-]*:\/*)?.*@/is, "$1[redacted]@");
}

/** Whether a URL stays on this machine. */
export function isLoopback({ hostname }: URL): boolean {
	return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

/**
 * Azure's rule for the name of a queue. Source: learn.microsoft.com, "Naming queues and metadata". Seven characters are
 * left for `-poison`.
 */
const QUEUE_NAME = /^(?=.{3,56}$)[a-z0-9](?:-?[a-z0-9])*$/;

/** The queue that Event Grid delivers to, if there is one; undefined also where its name cannot be one. */
export function readEventQueue(env: Readonly<Record<string, string | undefined>>): string | undefined {
	const name = env["EVENT_QUEUE"]?.trim();
	const isFree = name !== LEDGER.queue && name !== LEDGER.follow && name?.endsWith("-poison") !== true;
	return name !== undefined && QUEUE_NAME.test(name) && isFree ? name : undefined;
}

/** Where `npm start` runs the bridge on 127.0.0.1, unless it is told another port; the stand-in for GitHub is on the next one. */
export const USUAL_PORT = 7071;
