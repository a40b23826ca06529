/**
 * Loaded into Azurite before it starts. Azurite looks a row up by { PartitionKey, RowKey }, and its database, LokiJS,
 * uses an index for the first of them only: for each row that is written it would look through the whole partition,
 * which a lane is. With the row's own key first the index finds one row. The answer is the same, since no two rows have
 * both keys in common.
 */
const { createRequire } = require("node:module");

const { Collection } = createRequire(process.argv[1])("lokijs");
const { findOne } = Collection.prototype;

Collection.prototype.findOne = function findOneByRowKey(query) {
	const { PartitionKey, RowKey, ...more } = query ?? {};
	const isRow = PartitionKey !== undefined && RowKey !== undefined;
	return findOne.call(this, isRow ? { RowKey, PartitionKey, ...more } : query);
};
