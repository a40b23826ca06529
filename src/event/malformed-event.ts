/** The envelope does not hold what its schema demands; the message names the member and what it should be. */
export class MalformedEvent extends Error {
	override readonly name = "MalformedEvent";
}
