/** The classes that a policy can list. */
export const STATEMENT_CLASSES = [
  "select",
  "insert",
  "update",
  "delete",
  "merge",
  "ddl",
  "grant",
  "explain",
  "show",
  "transaction",
  "call",
  "set",
] as const;

export type StatementClass = (typeof STATEMENT_CLASSES)[number];

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** The first word of a statement and what it makes of it. A statement that begins otherwise is not known. */
export const FIRST_WORDS: Readonly<Record<StatementClass, readonly string[]>> = {
  select: ["SELECT", "WITH", "VALUES", "TABLE"],
  insert: ["INSERT", "REPLACE", "UPSERT"],
  update: ["UPDATE", "UPSERT"],
  delete: ["DELETE", "REPLACE"],
  merge: ["MERGE"],
  ddl: words("CREATE ALTER DROP TRUNCATE RENAME COMMENT REINDEX VACUUM ANALYZE ANALYSE OPTIMIZE REFRESH"),
  grant: ["GRANT", "REVOKE", "DENY"],
  explain: ["EXPLAIN"],
  show: ["SHOW", "DESCRIBE", "DESC"],
  transaction: words("BEGIN START COMMIT ROLLBACK SAVEPOINT RELEASE END ABORT LOCK UNLOCK"),
  call: ["CALL"],
  set: ["SET", "RESET", "USE"],
};

/**
 * Words that bring a class with them wherever they stand: in a WITH, after FOR, or as a second statement, which SQL Server
 * takes without a semicolon.
 */
export const INNER_WORDS: Readonly<Record<string, readonly StatementClass[]>> = {
  SELECT: ["select"],
  INSERT: ["insert"],
  UPSERT: ["insert", "update"],
  UPDATE: ["update"],
  DELETE: ["delete"],
  MERGE: ["merge"],
  CREATE: ["ddl"],
  ALTER: ["ddl"],
  DROP: ["ddl"],
  GRANT: ["grant"],
  REVOKE: ["grant"],
  DENY: ["grant"],
  CALL: ["call"],
  BEGIN: ["transaction"],
  COMMIT: ["transaction"],
  ROLLBACK: ["transaction"],
  SAVEPOINT: ["transaction"],
  LOCK: ["transaction"],
  UPDLOCK: ["transaction"],
  XLOCK: ["transaction"],
  TABLOCK: ["transaction"],
  TABLOCKX: ["transaction"],
  HOLDLOCK: ["transaction"],
};

/** Words that no class covers: they run other code, reach files, programs and other servers, or stop the database. */
export const FORBIDDEN_WORDS: ReadonlySet<string> = new Set(
  words(`
    EXEC EXECUTE OUTFILE DUMPFILE INFILE SHUTDOWN BACKUP RESTORE DBCC WAITFOR RECONFIGURE BULK OPENROWSET OPENQUERY
    OPENDATASOURCE KILL WRITETEXT UPDATETEXT RAISERROR REVERT RECEIVE ENABLE DISABLE
  `),
);

/** Forbidden behind a dot as well: what Oracle and SQLite call without parentheses. */
export const FORBIDDEN_NAMES = /^(?:DBMS_|UTL_|NEXTVAL$|FSDIR$)/;

/** After `SET`: who one is, and what holds for others as well. */
export const FORBIDDEN_SETTINGS: ReadonlySet<string> = new Set(
  words("ROLE AUTHORIZATION PASSWORD GLOBAL PERSIST PERSIST_ONLY RESOURCE"),
);

/** What `CREATE`, `ALTER` and `DROP` may be about. Not there: whatever holds code, opens a way out, or is about people. */
export const DDL_OBJECTS: ReadonlySet<string> = new Set(
  words("TABLE INDEX VIEW SEQUENCE SCHEMA TYPE DOMAIN COLLATION STATISTICS DATABASE"),
);

/** What may stand between `CREATE`, `ALTER` or `DROP` and its object. */
export const DDL_MODIFIERS: ReadonlySet<string> = new Set(
  words(`
    OR REPLACE TEMP TEMPORARY UNIQUE GLOBAL LOCAL UNLOGGED MATERIALIZED RECURSIVE CLUSTERED NONCLUSTERED FULLTEXT SPATIAL
    CONCURRENTLY COLUMNSTORE
  `),
);

/** What may follow a word that begins a transaction's statement and could begin another one. */
export const TRANSACTION_WORDS: ReadonlySet<string> = new Set(
  words("TRANSACTION TRAN WORK IMMEDIATE EXCLUSIVE DEFERRED CONCURRENT ISOLATION READ NOT AND"),
);

/** Options between `EXPLAIN` and what it explains. */
export const EXPLAIN_WORDS: ReadonlySet<string> = new Set(
  words(
    "ANALYZE ANALYSE VERBOSE EXTENDED PARTITIONS FORMAT JSON TREE TRADITIONAL XML YAML TEXT QUERY PLAN FOR COSTS BUFFERS",
  ),
);

/** Functions that write, wait, lock, run SQL from a text, or reach files, programs and other servers. */
export const FORBIDDEN_FUNCTIONS: ReadonlySet<string> = new Set(
  words(`
    benchmark sleep get_lock release_lock release_all_locks is_used_lock load_file master_pos_wait source_pos_wait
    wait_for_executed_gtid_set
    nextval setval set_config lastval query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml table_to_xml
    schema_to_xml database_to_xml ts_stat ts_rewrite crosstab crosstab2 crosstab3 crosstab4 crosstabn connectby http
    txid_current loread lowrite plpy_execute
    load_extension readfile writefile edit fts3_tokenizer zipfile fsdir lsdir
    openrowset openquery opendatasource openxml fn_trace_gettable fn_get_audit_file fn_xe_file_target_read_file
    httpuritype bfilename sys_context sys_dburigen extractvalue_from
    glob parquet_scan parquet_metadata sniff_csv query query_table getenv sqlite_scan postgres_scan mysql_scan iceberg_scan
    delta_scan url file s3 s3cluster remote remotesecure hdfs jdbc odbc executable mysql postgresql mongodb redis external_query
    reflect java_method transform shell eval dofile
  `),
);

/** How the names of such functions, and of the packages that hold them, begin. */
export const FORBIDDEN_PREFIXES: readonly string[] = words(`
  pg_sleep pg_read pg_write pg_ls_ pg_stat_file pg_file_ pg_logdir pg_terminate pg_cancel pg_reload pg_rotate pg_switch
  pg_create_ pg_drop_ pg_advisory pg_try_advisory pg_notify pg_logical pg_replication pg_execute pg_export pg_import
  pg_promote pg_backup pg_start_ pg_stop_ pg_wal_ pg_copy pg_stat_reset pg_stat_statements_reset pg_prewarm pg_log_
  pg_current_xact pg_repl pg_sync lo_ dblink http_ net_http cron_ postgres_fdw
  sys_exec sys_eval sys_set sys_get sys_bineval lib_mysqludf xp_ sp_ fn_xe fn_trace
  utl_ dbms_ ctxsys owa_ httpuri ordsys
  read_ scan_ write_ postgres_ mysql_ sqlite_ azure hdfs_ system$
`);

/** Words that a parenthesis may follow without making a call of them; no database takes them for a function's name. */
export const WORDS_BEFORE_PARENTHESIS: ReadonlySet<string> = new Set(
  words(`
    SELECT FROM WHERE AND OR NOT IN EXISTS ANY SOME ALL AS ON USING HAVING VALUES UNION INTERSECT EXCEPT DISTINCT CASE WHEN
    THEN ELSE BETWEEN LIKE ILIKE SIMILAR GROUP ROLLUP CUBE LATERAL JOIN RETURNING LIMIT OFFSET ARRAY ROW WITH TABLE INTO
  `),
);

/** The same after one of these words only. */
export const PAIRS_BEFORE_PARENTHESIS: Readonly<Record<string, readonly string[]>> = {
  BY: ["GROUP", "ORDER", "PARTITION"],
  SETS: ["GROUPING"],
  CONFLICT: ["ON"],
  MATERIALIZED: ["AS", "NOT"],
  APPLY: ["CROSS", "OUTER"],
  INDEX: ["USE", "FORCE", "IGNORE"],
  TOP: ["SELECT", "DISTINCT"],
};

/** Functions and types that read nothing but their arguments, in the common databases. */
export const KNOWN_FUNCTIONS: ReadonlySet<string> = new Set(
  words(`
    count sum avg min max total stddev stddev_pop stddev_samp std variance var_pop var_samp var stdev stdevp varp corr covar_pop
    covar_samp regr_slope regr_intercept regr_r2 regr_count bit_and bit_or bit_xor bool_and bool_or every any_value array_agg
    string_agg group_concat listagg json_agg jsonb_agg json_object_agg jsonb_object_agg json_arrayagg json_objectagg mode median
    percentile_cont percentile_disc approx_count_distinct count_big grouping grouping_id
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
    abs ceil ceiling floor round trunc truncate sign sqrt cbrt power pow exp ln log log10 log2 mod div pi degrees radians sin cos
    tan asin acos atan atan2 atn2 cot random rand greatest least width_bucket gcd lcm factorial square scale min_scale
    length len char_length character_length octet_length bit_length datalength lower upper lcase ucase initcap trim ltrim rtrim
    btrim lpad rpad left right substring substr mid substring_index replace translate reverse repeat replicate space concat
    concat_ws position locate instr charindex patindex strpos split_part overlay insert stuff format quote quote_ident
    quote_literal quote_nullable ascii chr char nchar unicode unistr md5 sha1 sha2 sha224 sha256 sha384 sha512 hex unhex encode
    decode to_hex to_base64 from_base64 soundex difference similarity levenshtein starts_with ends_with contains field elt
    find_in_set strcmp string_to_array string_to_table regexp_replace regexp_match regexp_matches regexp_like regexp_substr
    regexp_instr regexp_count regexp_split_to_array regexp_split_to_table string_split strip unaccent printf like_escape
    coalesce nullif ifnull nvl nvl2 isnull iif if decode choose
    cast convert try_cast try_convert try_parse parse to_char to_date to_timestamp to_number typeof pg_typeof
    now current_date current_time current_timestamp localtime localtimestamp getdate getutcdate sysdate sysdatetime sysutcdatetime
    utc_date utc_time utc_timestamp curdate curtime clock_timestamp statement_timestamp transaction_timestamp timeofday
    unix_timestamp from_unixtime unixepoch julianday date time datetime timestamp strftime date_format time_format str_to_date
    date_trunc datetrunc date_part datepart datename date_bin extract year quarter month week weekofyear yearweek day dayname
    monthname dayofmonth dayofweek dayofyear weekday hour minute second microsecond last_day eomonth add_months months_between
    date_add date_sub adddate subdate addtime subtime dateadd datediff datediff_big date_diff timediff timestampadd timestampdiff
    age make_date make_time make_timestamp make_timestamptz make_interval datefromparts datetimefromparts justify_days
    justify_hours justify_interval isdate timezone convert_tz sec_to_time time_to_sec to_days from_days period_diff isfinite
    array_length array_position array_positions array_append array_prepend array_cat array_remove array_replace array_to_string
    array_upper array_lower array_ndims array_dims cardinality unnest generate_series generate_subscripts row values
    json_extract json_extract_path json_extract_path_text jsonb_extract_path jsonb_extract_path_text json_value json_query
    json_unquote json_valid json_type json_typeof jsonb_typeof json_array json_object json_array_length jsonb_array_length
    json_array_elements json_array_elements_text jsonb_array_elements jsonb_array_elements_text json_each json_each_text jsonb_each
    jsonb_each_text json_tree json_keys json_object_keys jsonb_object_keys json_length json_depth json_contains json_contains_path
    json_search json_build_object json_build_array jsonb_build_object jsonb_build_array json_set json_insert json_replace
    json_remove json_quote json_exists isjson openjson jsonb_set jsonb_insert jsonb_pretty jsonb_path_query jsonb_path_query_array
    jsonb_path_query_first jsonb_path_exists jsonb_path_match json_strip_nulls jsonb_strip_nulls to_json to_jsonb row_to_json
    array_to_json jsonb json
    to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_rank ts_rank_cd ts_headline setweight
    numnode querytree bm25 highlight snippet
    lower_inc upper_inc isempty int4range int8range numrange tsrange tstzrange daterange range_merge
    st_distance st_dwithin st_contains st_within st_intersects st_point st_makepoint st_setsrid st_x st_y st_area st_length
    st_astext st_asgeojson st_geomfromtext st_buffer st_centroid st_transform
    gen_random_uuid uuid uuid_generate_v4 newid version current_user current_schema current_database database schema user
    changes last_insert_rowid obj_description col_description has_table_privilege pg_get_viewdef pg_get_indexdef
    pg_get_constraintdef pg_get_expr pg_size_pretty pg_relation_size pg_total_relation_size pg_table_size pg_indexes_size
    pg_database_size to_regclass format_type object_id object_name db_name schema_name col_name col_length
    varchar nvarchar char nchar character varying text varbinary binary numeric decimal dec number float real double int integer
    bigint smallint tinyint bit timestamptz timetz interval datetime2 geometry geography enum datetimeoffset unsigned signed vector
  `),
);
