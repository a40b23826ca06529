/** Where GitHub lists the runs of a receipt's repository: an address that the bridge itself makes, of https only. */
export function RunsLink({ page }: { readonly page: string | null | undefined }) {
	if (!page?.startsWith("https://")) return null;
	return (
		<a href={page} target="_blank" rel="noreferrer">
			Runs on GitHub
		</a>
	);
}
