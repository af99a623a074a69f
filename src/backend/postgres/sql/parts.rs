// Long collections: their parts, and the function that commits entries with parts.

/// The tables' second version. Parts go when their entry goes, whoever removes or replaces it.
///
/// A commit that is sent again, because its first answer was lost, writes the same parts again: nobody else has changed
/// them as long as the entry has the commit's version. Its entries are locked until the transaction ends, and so are their
/// parts, because nobody writes parts without their entry.
pub(super) const V2: &str = "
CREATE TABLE @omnikv_parts (
  key text COLLATE \"C\" NOT NULL, name bigint NOT NULL, value text NOT NULL, PRIMARY KEY (key, name)
);
CREATE FUNCTION @omnikv_drop_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM @omnikv_parts WHERE key = OLD.key;
  RETURN NULL;
END
$$;
CREATE TRIGGER omnikv_parts_gone AFTER DELETE ON @omnikv FOR EACH ROW
  WHEN (OLD.type LIKE 'long %') EXECUTE FUNCTION @omnikv_drop_parts();
CREATE TRIGGER omnikv_parts_replaced AFTER UPDATE OF type ON @omnikv FOR EACH ROW
  WHEN (OLD.type LIKE 'long %' AND NEW.type NOT LIKE 'long %') EXECUTE FUNCTION @omnikv_drop_parts();
CREATE FUNCTION @omnikv_commit_parts(
  lock_keys text[], lock_exclusive boolean[],
  check_of int[], check_keys text[], check_versions bigint[],
  put_of int[], put_keys text[], put_values bytea[], put_types text[], put_deadlines bigint[], put_versions bigint[],
  delete_of int[], delete_keys text[],
  now_ms bigint,
  fresh_of int[], fresh_keys text[],
  part_of int[], part_keys text[], part_names bigint[], part_values text[]
) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
  failed int[];
BEGIN
  failed := @omnikv_commit(
    lock_keys, lock_exclusive, check_of, check_keys, check_versions, put_of, put_keys, put_values, put_types,
    put_deadlines, put_versions, delete_of, delete_keys, now_ms);
  DELETE FROM @omnikv_parts WHERE key = ANY (ARRAY(
    SELECT k FROM unnest(fresh_of, fresh_keys) AS fresh (n, k) WHERE n <> ALL (failed)));
  DELETE FROM @omnikv_parts AS held
    USING unnest(part_of, part_keys, part_names, part_values) AS parts (n, k, p, v)
    WHERE held.key = k AND held.name = p AND v IS NULL AND n <> ALL (failed);
  INSERT INTO @omnikv_parts AS held (key, name, value)
    SELECT k, p, v FROM unnest(part_of, part_keys, part_names, part_values) AS parts (n, k, p, v)
    WHERE v IS NOT NULL AND n <> ALL (failed)
    ON CONFLICT (key, name) DO UPDATE SET value = excluded.value;
  RETURN failed;
END
$$;
";

/// Like [`COMMIT`](super::COMMIT), for commits of which some write parts. Parameters: as `omnikv_commit_parts` names them.
pub const COMMIT: &str = "SELECT @omnikv_commit_parts($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, \
     $15, $16, $17, $18, $19, $20)";

/// Fails unless all commits are done. Parameters: those of [`COMMIT`].
pub const COMMIT_ALL: &str = "SELECT @omnikv_require(@omnikv_commit_parts($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, \
     $15, $16, $17, $18, $19, $20) = '{}')";

/// The parts that cover numbers: name, value. Parameters: key, numbers.
pub const LOAD_COVERING: &str = "SELECT name, value FROM @omnikv_parts WHERE key = $1 AND name = ANY (ARRAY(\
     SELECT (SELECT max(name) FROM @omnikv_parts WHERE key = $1 AND name <= n) FROM unnest($2::bigint[]) AS asked (n)))";

/// The part that covers a number and those after it: name, value. Parameters: key, the number, the last number, the limit.
pub const LOAD_SPAN: &str = "SELECT name, value FROM @omnikv_parts WHERE key = $1 AND name >= \
     coalesce((SELECT max(name) FROM @omnikv_parts WHERE key = $1 AND name <= $2), $2) AND name <= $3 \
     ORDER BY name LIMIT $4";
