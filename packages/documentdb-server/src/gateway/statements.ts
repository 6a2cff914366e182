import type { Statement } from '../pg-wire/pg-connection.js';

const API = 'documentdb_api';
const INTERNAL = 'documentdb_api_internal';
const CURSOR_COLUMNS = 'cursorpage, continuation, persistconnection, cursorid';

/** The SQL behind the commands, each prepared once per connection. Documents go in and out as raw BSON. */
export const STATEMENTS = {
  insert: statement('insert', `SELECT p_result, p_success FROM ${API}.insert($1, $2, $3, NULL)`),
  update: statement('update', `SELECT p_result, p_success FROM ${API}.update($1, $2, $3, NULL)`),
  delete: statement('delete', `SELECT p_result, p_success FROM ${API}.delete($1, $2, $3, NULL)`),
  findAndModify: statement('find_and_modify', `SELECT p_result, p_success FROM ${API}.find_and_modify($1, $2, NULL)`),
  find: statement('find', `SELECT ${CURSOR_COLUMNS} FROM ${API}.find_cursor_first_page($1, $2)`),
  aggregate: statement('aggregate', `SELECT ${CURSOR_COLUMNS} FROM ${API}.aggregate_cursor_first_page($1, $2)`),
  listCollections: statement(
    'list_collections',
    `SELECT ${CURSOR_COLUMNS} FROM ${API}.list_collections_cursor_first_page($1, $2)`,
  ),
  listIndexes: statement('list_indexes', `SELECT ${CURSOR_COLUMNS} FROM ${API}.list_indexes_cursor_first_page($1, $2)`),
  getMore: statement('get_more', `SELECT cursorpage, continuation FROM ${API}.cursor_get_more($1, $2, $3)`),
  count: statement('count', `SELECT ${API}.count_query($1, $2)`),
  distinct: statement('distinct', `SELECT ${API}.distinct_query($1, $2)`),
  create: statement('create', `SELECT ${API}.create_collection_view($1, $2)`),
  drop: statement('drop', `SELECT ${API}.drop_collection($1, $2)`),
  dropDatabase: statement('drop_database', `SELECT ${API}.drop_database($1)`),
  createIndexes: statement('create_indexes', `SELECT ${INTERNAL}.create_indexes_non_concurrently($1, $2, $3)`),
  dropIndexes: statement('drop_indexes', `SELECT ${INTERNAL}.drop_indexes_non_concurrently($1, $2)`),
  /** An index by MongoDB's name for it, or by the name of PostgreSQL's constraint. */
  indexByName: statement(
    'index_by_name',
    `SELECT ${INTERNAL}.index_spec_as_bson(index_spec)
       FROM documentdb_api_catalog.collection_indexes JOIN documentdb_api_catalog.collections USING (collection_id)
      WHERE database_name = $1 AND collection_name = $2
        AND ((index_spec).index_name = $3 OR 'documents_rum_index_' || index_id = $3)`,
  ),
  collMod: statement('coll_mod', `SELECT ${API}.coll_mod($1, $2, $3)`),
  listDatabases: statement('list_databases', `SELECT ${API}.list_databases($1)`),
  renameCollection: statement('rename_collection', `SELECT ${API}.rename_collection($1::documentdb_core.bson)`),
  collStats: statement('coll_stats', `SELECT ${API}.coll_stats($1, $2, 1)`),
  dbStats: statement('db_stats', `SELECT ${API}.db_stats($1, 1, false)`),
  validate: statement('validate', `SELECT ${API}.validate($1, $2)`),
} as const satisfies Record<string, Statement>;

function statement(name: string, sql: string): Statement {
  return { name, sql };
}
