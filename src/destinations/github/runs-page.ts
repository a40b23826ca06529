import { isLoopback } from "../../config/settings.ts";

/**
 * The page of GitHub that lists the runs which `repository_dispatch` has started. Which of them a dispatch has started
 * GitHub tells nobody.
 * @param apiUrl GitHub's API: api.github.com, https://HOST/api/v3 of Enterprise Server, https://api.SUBDOMAIN.ghe.com
 * @param repository owner/name
 * @returns null for a stand-in on this machine, which has no pages
 */
export function runsPage(apiUrl: string, repository: string): string | null {
	const api = new URL(apiUrl);
	if (isLoopback(api)) return null;
	const host = api.host.replace(/^api\.(?=github\.com$|[^.]+\.ghe\.com$)/, "");
	return `https://${host}/${repository}/actions?query=event%3Arepository_dispatch`;
}
