const UTF_16_LE = Buffer.from([0xff, 0xfe]);
const UTF_16_BE = Buffer.from([0xfe, 0xff]);

/**
 * The text of a file: in UTF-8, or in UTF-16 with a byte-order mark, as the redirection of Windows PowerShell writes it.
 * Undefined for what is no text.
 */
export function decodeText(content: Uint8Array): string | undefined {
	const bytes = Buffer.from(content);
	const start = bytes.subarray(0, 2);
	const encoding = start.equals(UTF_16_LE) ? "utf-16le" : start.equals(UTF_16_BE) ? "utf-16be" : "utf-8";
	try {
		const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
		return text.includes("\0") ? undefined : text;
	} catch {
		return undefined;
	}
}
