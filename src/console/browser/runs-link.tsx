/** Where GitHub lists the runs of a receipt's repository: an address that the bridge itself makes, of https only. */
export function RunsLink({ runs }: { readonly runs: string | null | undefined }) {
	if (!runs?.startsWith("https://")) return null;
	return (
		<a href={runs} target="_blank" rel="noreferrer">
			Runs on GitHub
		</a>
	);
}
