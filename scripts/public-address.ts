/** What follows from the project's public address, which stands in one place: `repository` in `package.json`. */

/** A `package.json`, as far as it tells of the address. */
export interface Manifest {
	readonly version: string;
	/** In any form that npm takes: `owner/name`, `github:owner/name`, a URL, or an object that holds one of them. */
	readonly repository?: string | { readonly url: string };
}

export interface PublicAddress {
	/** `owner/name` */
	readonly repository: string;
	/** The release's `grid-dispatch.zip`, which the template deploys. */
	readonly packageUri: string;
	/**
	 * The release's `azuredeploy.json`. Not its asset: the portal reads the template in the browser, and GitHub lets
	 * other pages read raw files, but no release assets (they come without `access-control-allow-origin`).
	 */
	readonly templateUri: string;
	/** What the "Deploy to Azure" button opens. */
	readonly portalUri: string;
}

const SHORT = /^(?:github:)?([\w-]+\/[\w.-]+)$/;
const URL_OR_SSH = /^(?:git\+)?(?:https|ssh|git):\/\/(?:git@)?github\.com\/([\w-]+\/[\w.-]+?)(?:\.git)?\/?$/;
const SCP = /^git@github\.com:([\w-]+\/[\w.-]+?)(?:\.git)?$/;

/**
 * None as long as `package.json` has no `repository`: then nothing may point to one.
 * @throws Error for one that is not on github.com, where releases and raw files would lie elsewhere
 */
export function publicAddress({ version, repository }: Manifest): PublicAddress | undefined {
	if (repository === undefined) return undefined;
	const text = typeof repository === "string" ? repository : repository.url;
	const [, name] = SHORT.exec(text) ?? URL_OR_SSH.exec(text) ?? SCP.exec(text) ?? [];
	if (name === undefined) throw new Error(`package.json: repository is no repository on github.com: ${text}`);
	const templateUri = `https://raw.githubusercontent.com/${name}/v${version}/infra/azuredeploy.json`;
	return {
		repository: name,
		packageUri: `https://github.com/${name}/releases/download/v${version}/grid-dispatch.zip`,
		templateUri,
		portalUri: `https://portal.azure.com/#create/Microsoft.Template/uri/${encodeURIComponent(templateUri)}`,
	};
}

/** The "Deploy to Azure" button in Markdown, or what stands there until the address is known. */
export function deployButton(address: PublicAddress | undefined): string {
	if (address === undefined)
		return "There is no button yet: this project has no public address that the portal could read the template from.\n";
	return `[![Deploy to Azure](https://aka.ms/deploytoazurebutton)](${address.portalUri})\n`;
}
