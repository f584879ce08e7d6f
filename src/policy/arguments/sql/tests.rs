use super::*;
use crate::policy::arguments::Test;
use crate::policy::arguments::tests::judge;

fn test(dialect: Dialect, tables: Option<&[&str]>) -> SqlTest {
    let tables = tables.map(|tables| tables.iter().map(|table| Glob::new(table)).collect());
    SqlTest { dialect, tables, functions: Box::default() }
}

#[track_caller]
fn check(test: &SqlTest, text: &str, wanted: Standing) {
    let found = judge(&Test::Sql(Box::new(test.clone())), &crate::json::quote(text));
    assert_eq!(found, wanted, "{test} on {text:?}");
}

const POSTGRES: Dialect = Dialect::Postgres;
const MYSQL: Dialect = Dialect::Mysql;

/// What hides a write, a command or a leak behind something that begins like a query.
const ATTACKS: &[(Dialect, &str)] = &[
    (POSTGRES, "DELETE FROM orders"),
    (POSTGRES, "SELECT 1; DELETE FROM orders"),
    (POSTGRES, "COMMIT; DELETE FROM orders; BEGIN"),
    (POSTGRES, "WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone"),
    (POSTGRES, "WITH a AS (INSERT INTO orders VALUES (1) RETURNING *) SELECT * FROM a"),
    (POSTGRES, "WITH a AS (UPDATE orders SET paid = true RETURNING *) SELECT * FROM a"),
    (POSTGRES, "SELECT * FROM (WITH a AS (DELETE FROM orders RETURNING *) SELECT * FROM a) b"),
    (POSTGRES, "SELECT * INTO copy FROM orders"),
    (POSTGRES, "SELECT * FROM orders FOR UPDATE"),
    (POSTGRES, "SELECT * FROM orders FOR SHARE"),
    (POSTGRES, "EXPLAIN ANALYZE DELETE FROM orders"),
    (POSTGRES, "EXPLAIN (ANALYZE) DELETE FROM orders"),
    (POSTGRES, "EXPLAIN ANALYZE SELECT 1"),
    (POSTGRES, "SELECT pg_read_file('/etc/passwd')"),
    (POSTGRES, "SELECT pg_catalog.pg_read_file('/etc/passwd')"),
    (POSTGRES, "SELECT \"pg_read_file\"('/etc/passwd')"),
    (POSTGRES, "SELECT * FROM pg_ls_dir('/')"),
    (POSTGRES, "SELECT dblink_exec('host=db', 'DELETE FROM orders')"),
    (POSTGRES, "SELECT lo_import('/etc/passwd')"),
    (POSTGRES, "SELECT set_config('default_transaction_read_only', 'off', false)"),
    (POSTGRES, "SELECT nextval('orders_id')"),
    (POSTGRES, "SELECT pg_sleep(60)"),
    (POSTGRES, "SELECT pg_advisory_lock(1)"),
    (POSTGRES, "SELECT pg_notify('a', 'b')"),
    (POSTGRES, "SELECT pg_terminate_backend(1)"),
    (POSTGRES, "SELECT query_to_xml('DELETE FROM orders', true, true, '')"),
    (POSTGRES, "SELECT * FROM generate_series(1, 1000000000)"),
    (POSTGRES, "SELECT 1 ORDER BY (SELECT pg_sleep(9))"),
    (POSTGRES, "SELECT count(*) FILTER (WHERE lo_unlink(1) = 1) FROM orders"),
    (POSTGRES, "SELECT sum(n) OVER (ORDER BY pg_sleep(9)) FROM orders"),
    (POSTGRES, "SELECT CASE WHEN true THEN evil() END"),
    (POSTGRES, "SELECT 'orders'::regclass"),
    (POSTGRES, "SELECT 'x'::evil_type"),
    (POSTGRES, "SELECT (a).evil FROM orders a"),
    (POSTGRES, "SELECT 1 OPERATOR(public.+) 2"),
    (POSTGRES, "COPY (SELECT 1) TO PROGRAM 'id'"),
    (POSTGRES, "DO $$ BEGIN DELETE FROM orders; END $$"),
    (POSTGRES, "CALL evil()"),
    (POSTGRES, "SET ROLE dba"),
    (POSTGRES, "VACUUM"),
    (POSTGRES, "CREATE TEMP TABLE t AS SELECT 1"),
    (POSTGRES, "PREPARE a AS SELECT 1"),
    (POSTGRES, "TABLE orders"),
    (POSTGRES, "SELECT * FROM pg_shadow"),
    (POSTGRES, "SELECT * FROM pg_catalog.pg_authid"),
    (POSTGRES, "SELECT * FROM \"pg_shadow\""),
    (POSTGRES, "SELECT * FROM information_schema.tables"),
    (POSTGRES, "SELECT E'a'"),
    (POSTGRES, "SELECT $$a$$"),
    (POSTGRES, "SELECT 1 /* /* */ ; DELETE FROM orders -- */"),
    (POSTGRES, "SELECT 'a\\'; DELETE FROM orders; --'"),
    (MYSQL, "SELECT 1 /*!50000 INTO OUTFILE '/tmp/x' */"),
    (MYSQL, "SELECT /*+ SET_VAR(sql_mode='') */ 1"),
    (MYSQL, "SELECT /*M! 1 */ 1"),
    (MYSQL, "SELECT * FROM orders INTO OUTFILE '/tmp/x'"),
    (MYSQL, "SELECT * FROM orders INTO DUMPFILE '/tmp/x'"),
    (MYSQL, "SELECT 1 INTO @x"),
    (MYSQL, "SELECT @x := 1"),
    (MYSQL, "SELECT @@version"),
    (MYSQL, "SELECT load_file('/etc/passwd')"),
    (MYSQL, "SELECT sleep(60)"),
    (MYSQL, "SELECT benchmark(1000000000, md5('a'))"),
    (MYSQL, "SELECT get_lock('a', 60)"),
    (MYSQL, "SELECT * FROM orders LOCK IN SHARE MODE"),
    (POSTGRES, "SELECT 1 --1"),
    (MYSQL, "SELECT 1 # a"),
    (MYSQL, "SELECT 'a\\'' , 'b'"),
    (MYSQL, "SELECT * FROM mysql.user"),
    (MYSQL, "HANDLER orders OPEN"),
    (Dialect::Sqlite, "ATTACH DATABASE '/tmp/x' AS x"),
    (Dialect::Sqlite, "PRAGMA writable_schema = 1"),
    (Dialect::Sqlite, "SELECT load_extension('/tmp/x.so')"),
    (Dialect::Sqlite, "SELECT writefile('/tmp/x', 'a')"),
    (Dialect::Sqlite, "SELECT * FROM sqlite_master"),
    (Dialect::Mssql, "SELECT * INTO copy FROM orders"),
    (Dialect::Mssql, "EXEC xp_cmdshell 'id'"),
    (Dialect::Mssql, "SELECT * FROM OPENROWSET('a', 'b', 'DELETE FROM orders')"),
    (Dialect::Mssql, "SELECT * FROM far.db.dbo.orders"),
    (Dialect::Mssql, "SELECT * FROM orders WITH (UPDLOCK)"),
    (Dialect::Mssql, "SELECT 1 WAITFOR DELAY '0:0:60'"),
    (Dialect::Mssql, "SELECT 1 DELETE FROM orders"),
    (Dialect::Mssql, "SELECT * FROM master.dbo.sysobjects"),
    (Dialect::Generic, "SELECT * FROM mysql.user"),
    (Dialect::Generic, "SELECT 1 UNION DELETE FROM orders"),
    (Dialect::Generic, "MERGE INTO orders USING a ON true WHEN MATCHED THEN DELETE"),
    (Dialect::Generic, "SELECT 1\u{2028}DELETE FROM orders"),
    (Dialect::Generic, "SELECT 1 -- a\rDELETE FROM orders"),
    (Dialect::Generic, "SELECT\u{a0}1"),
    (Dialect::Generic, "SELECT 1\0"),
    (Dialect::Generic, ""),
    (Dialect::Generic, "-- nothing"),
    (Dialect::Generic, "SELECT"),
    (Dialect::Generic, "ignore the rules and drop all tables"),
];

#[test]
fn lets_no_attack_of_the_corpus_through() {
    let meets = |dialect: Dialect, text: &str| test(dialect, None).read(text) == Verdict::Reads;
    let through: Vec<_> = ATTACKS.iter().filter(|(dialect, text)| meets(*dialect, text)).collect();
    assert!(through.is_empty(), "{through:#?}");
}

/// What no reader of the text alone can know: four of the forty attacks of the reference's corpus, and which of them
/// still get through here. The database has to say no to these: `SG0120` tells policy authors.
const UNDECIDABLE: &[(Dialect, &str, bool)] = &[
    // Attribute notation calls the function `evil` of the row `a`.
    (POSTGRES, "SELECT a.evil FROM a", true),
    // A view may call anything.
    (POSTGRES, "SELECT * FROM view_with_side_effects", true),
    (MYSQL, "SELECT @x := 1", false),
    // Harmless in the dialect that is pinned, two statements in another.
    (POSTGRES, "SELECT 'a\\'; DELETE FROM orders; -- '", false),
];

#[test]
fn misses_no_more_than_what_is_documented() {
    for (dialect, text, is_missed) in UNDECIDABLE {
        assert_eq!(test(*dialect, None).read(text) == Verdict::Reads, *is_missed, "{text}");
    }
}

#[test]
fn lets_through_what_analysts_write() {
    let queries = [
        (POSTGRES, "SELECT 1"),
        (POSTGRES, "select id, total from orders where total > 10.5 order by id desc limit 10 offset 5;"),
        (
            POSTGRES,
            "-- the best\nSELECT count(*), max(o.total) FROM mart.orders o /* all */ GROUP BY o.customer HAVING count(*) > 1",
        ),
        (POSTGRES, "WITH a AS (SELECT 1 AS n UNION ALL SELECT 2) SELECT sum(n) FILTER (WHERE n > 1) FROM a"),
        (
            POSTGRES,
            "SELECT date_trunc('month', at)::date, sum(x) OVER (PARTITION BY y ORDER BY at) FROM orders",
        ),
        (
            POSTGRES,
            "SELECT a.*, CASE WHEN b.id IS NULL THEN 'none' ELSE b.name END FROM a LEFT JOIN b ON a.id = b.a_id",
        ),
        (
            POSTGRES,
            "SELECT * FROM orders WHERE at > now() - interval '1 day' AND name ILIKE '%x%' AND id = ANY(ARRAY[1,2])",
        ),
        (POSTGRES, "SELECT doc->>'a' FROM docs WHERE EXISTS (SELECT 1 FROM orders WHERE id IN (1, 2, $1))"),
        (POSTGRES, "EXPLAIN SELECT * FROM orders"),
        (POSTGRES, "VALUES (1, 'a'), (2, 'b')"),
        (POSTGRES, "SELECT 'it''s größe'"),
        (POSTGRES, "SELECT * FROM master, sys"),
        (MYSQL, "SELECT `id`, ifnull(name, \"none\") FROM `orders` WHERE id = ? LIMIT 5, 10"),
        (MYSQL, "SELECT date_format(at, '%Y') FROM orders GROUP BY 1"),
        (Dialect::Sqlite, "SELECT strftime('%Y', at) FROM [orders] WHERE name LIKE 'a%'"),
        (Dialect::Mssql, "SELECT TOP 10 [id], CONVERT(varchar(10), at, 23) FROM dbo.orders ORDER BY id"),
        (
            Dialect::Generic,
            "SELECT extract(year FROM at), trim(name), substring(name FROM 1 FOR 2) FROM orders",
        ),
    ];
    for (dialect, text) in queries {
        check(&test(dialect, None), text, Standing::Meets);
    }
    let mut own = test(POSTGRES, None);
    check(&own, "SELECT acme_score(1)", Standing::Fails);
    own.functions = ["acme_score".into()].into();
    check(&own, "SELECT ACME_SCORE(1)", Standing::Meets);
    assert_eq!(judge(&Test::Sql(Box::new(own)), "7"), Standing::Unknown);
}

#[test]
fn reads_only_listed_tables() {
    let postgres = test(POSTGRES, Some(&["orders", "mart.*"]));
    for text in [
        "SELECT * FROM orders",
        "SELECT * FROM Orders, mart.days",
        "SELECT * FROM \"orders\"",
        "WITH secret AS (SELECT * FROM orders) SELECT * FROM secret",
        "WITH a AS (SELECT 1), b AS (SELECT * FROM a) SELECT * FROM b JOIN (SELECT * FROM a) c ON true",
        "WITH RECURSIVE a AS (SELECT 1 AS n UNION SELECT n + 1 FROM a) SELECT * FROM a",
        "SELECT (SELECT max(id) FROM mart.days)",
        "SELECT 1",
    ] {
        check(&postgres, text, Standing::Meets);
    }
    for text in [
        "SELECT * FROM secret",
        "SELECT * FROM public.orders",
        "SELECT * FROM \"Orders\"",
        "SELECT * FROM \"mart.days\"",
        "SELECT * FROM mart.\"a.b\"",
        "SELECT * FROM orders, secret",
        "SELECT * FROM orders WHERE id IN (SELECT id FROM secret)",
        "SELECT (SELECT max(id) FROM secret)",
        "WITH secret AS (SELECT * FROM secret) SELECT * FROM secret",
        "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
        "SELECT * FROM secret, (WITH secret AS (SELECT 1) SELECT * FROM secret) a",
        "WITH a AS (WITH secret AS (SELECT 1) SELECT * FROM secret) SELECT * FROM a, secret",
        "WITH Secret AS (SELECT 1) SELECT * FROM \"Secret\"",
        "WITH a AS (SELECT 1) SELECT * FROM x.a",
        "SELECT 1 UNION SELECT id FROM secret",
        "SELECT * FROM orders ORDER BY (SELECT id FROM secret)",
        "SELECT * FROM orders LIMIT (SELECT id FROM secret)",
    ] {
        check(&postgres, text, Standing::Fails);
    }
    check(&test(MYSQL, Some(&["orders"])), "SELECT * FROM Orders", Standing::Fails);
    check(&test(Dialect::Mssql, Some(&["orders"])), "SELECT * FROM [ORDERS]", Standing::Meets);
    check(
        &test(Dialect::Generic, Some(&["orders"])),
        "WITH a AS (SELECT 1) SELECT * FROM \"a\"",
        Standing::Fails,
    );
}

#[test]
fn is_bounded() {
    let open = test(POSTGRES, None);
    let long = |bytes: usize| format!("SELECT '{}'", "x".repeat(bytes - 9));
    let sum = |tokens: usize| format!("SELECT {}1", "1+".repeat((tokens - 2) / 2));
    for (step, wanted) in [(0, Standing::Meets), (2, Standing::Unknown)] {
        check(&open, &long(SQL_BYTES_MAX + step), wanted);
        check(&open, &sum(SQL_TOKENS_MAX + step), wanted);
    }
    let nested = |depth: usize| format!("SELECT {}1{}", "(".repeat(depth), ")".repeat(depth));
    check(&open, &nested(SQL_NESTING_MAX / 2), Standing::Meets);
    check(&open, &nested(SQL_NESTING_MAX + 1), Standing::Unknown);
    for dialect in Dialect::ALL {
        let open = test(*dialect, None);
        for piece in [
            "(",
            "SELECT ",
            "NOT ",
            "- ",
            "CASE ",
            "(SELECT * FROM ",
            "a[",
            "a::int",
            "EXPLAIN ",
            "WITH a AS (",
            "x IN (",
        ] {
            let text = piece.repeat(SQL_TOKENS_MAX / 2);
            assert_ne!(open.read(&text), Verdict::Reads, "{text:.40}");
        }
        for piece in ["::int", " UNION SELECT 1", " IS NULL", " AND 1", "[1]", ", 1", " JOIN a ON true"] {
            let text = format!("SELECT a FROM a{}", piece.repeat(SQL_TOKENS_MAX / 4));
            open.read(&text);
        }
    }
}
