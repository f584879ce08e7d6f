-- The registry of sluicegate: servers, the versions of their tools, who may use them, and bundles of policies.
-- Every change of a row takes the next revision, which is told by NOTIFY at commit.

CREATE TABLE tool_server (
  id text PRIMARY KEY CHECK (id ~ '^[!-~]{1,128}$'),
  upstream jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tool_version (
  server text NOT NULL REFERENCES tool_server ON DELETE CASCADE,
  name text NOT NULL CHECK (name ~ '^[A-Za-z0-9_.-]{1,128}$'),
  version int NOT NULL CHECK (version > 0),
  state text NOT NULL CHECK (state IN ('draft', 'active', 'deprecated', 'brownout', 'retired')),
  definition jsonb NOT NULL CHECK (jsonb_typeof(definition) = 'object'),
  definition_sha256 bytea NOT NULL CHECK (length(definition_sha256) = 32),
  approved_by text,
  approved_at timestamptz,
  deprecated_at timestamptz,
  sunset_at timestamptz,
  successor int,
  transform jsonb CHECK (jsonb_typeof(transform) = 'object'),
  PRIMARY KEY (server, name, version),
  CHECK (state <> 'active' OR approved_by IS NOT NULL),
  CHECK (sunset_at IS NULL OR deprecated_at IS NULL OR sunset_at >= deprecated_at)
);

-- One version of a tool is served. Drop this index where a canary serves two.
CREATE UNIQUE INDEX tool_version_one_active ON tool_version (server, name) WHERE state = 'active';

CREATE TABLE tool_alias (
  server text NOT NULL REFERENCES tool_server ON DELETE CASCADE,
  alias text NOT NULL CHECK (alias ~ '^[A-Za-z0-9_.-]{1,128}$'),
  name text NOT NULL,
  version int,
  expires_at timestamptz,
  PRIMARY KEY (server, alias)
);

CREATE TABLE tenant_tool (
  server text NOT NULL REFERENCES tool_server ON DELETE CASCADE,
  tenant text NOT NULL CHECK (tenant ~ '^[!-~]{1,128}$'),
  name text NOT NULL CHECK (name ~ '^[A-Za-z0-9_.-]{1,128}$'),
  version int CHECK (version > 0),
  enabled boolean NOT NULL,
  limits jsonb,
  expires_at timestamptz,
  PRIMARY KEY (server, tenant, name)
);

CREATE TABLE policy_bundle (
  revision bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  server text NOT NULL REFERENCES tool_server ON DELETE CASCADE,
  files jsonb NOT NULL CHECK (jsonb_typeof(files) = 'object'),
  sha256 bytea NOT NULL CHECK (length(sha256) = 32),
  signature bytea,
  author text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  active boolean NOT NULL DEFAULT false
);

CREATE UNIQUE INDEX policy_bundle_one_active ON policy_bundle (server) WHERE active;

-- What was seen of servers that say something else than was approved; written by whoever looks at audit trails.
CREATE TABLE drift_event (
  at timestamptz NOT NULL DEFAULT now(),
  server text NOT NULL,
  name text NOT NULL,
  old_sha256 bytea,
  new_sha256 bytea,
  class text NOT NULL,
  action text NOT NULL
);

-- One row. Whoever read before revision `whole` has to read everything again.
CREATE TABLE registry_revision (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  epoch text NOT NULL DEFAULT gen_random_uuid()::text,
  revision bigint NOT NULL DEFAULT 0,
  whole bigint NOT NULL DEFAULT 0
);

INSERT INTO registry_revision DEFAULT VALUES;

-- At which revision something of a tenant changed last, so that gates read that tenant and no other.
CREATE TABLE tenant_change (
  server text NOT NULL,
  tenant text NOT NULL,
  revision bigint NOT NULL,
  PRIMARY KEY (server, tenant)
);

CREATE INDEX tenant_change_by_revision ON tenant_change (server, revision);

-- Writers wait for each other at this row, so revisions are committed in their order.
CREATE FUNCTION registry_next() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  reached bigint;
BEGIN
  UPDATE registry_revision SET revision = revision + 1 RETURNING revision INTO reached;
  PERFORM pg_notify('sluicegate_registry', reached::text);
  RETURN reached;
END $$;

CREATE FUNCTION registry_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM registry_next();
  RETURN NULL;
END $$;

CREATE FUNCTION registry_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  reached bigint := registry_next();
BEGIN
  UPDATE registry_revision SET whole = reached;
  RETURN NULL;
END $$;

CREATE FUNCTION registry_tenants_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  reached bigint := registry_next();
BEGIN
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO tenant_change SELECT DISTINCT server, tenant, reached FROM old_rows
      ON CONFLICT (server, tenant) DO UPDATE SET revision = excluded.revision;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO tenant_change SELECT DISTINCT server, tenant, reached FROM new_rows
      ON CONFLICT (server, tenant) DO UPDATE SET revision = excluded.revision;
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON tool_server
  FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON tool_version
  FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON tool_alias
  FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON policy_bundle
  FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();

CREATE TRIGGER inserted AFTER INSERT ON tenant_tool REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION registry_tenants_changed();
CREATE TRIGGER updated AFTER UPDATE ON tenant_tool REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION registry_tenants_changed();
CREATE TRIGGER deleted AFTER DELETE ON tenant_tool REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION registry_tenants_changed();
CREATE TRIGGER emptied AFTER TRUNCATE ON tenant_tool
  FOR EACH STATEMENT EXECUTE FUNCTION registry_emptied();
