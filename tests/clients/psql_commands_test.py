"""psql's own commands: backslash listings, completion, \\watch, \\copy. Compared with what they show of PostgreSQL."""

import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

LISTING = ["-A", "-F", "|"]


def listing(psql, command):
    """The column names and rows of what a command lists."""
    done = psql(command, options=LISTING + ["-P", "footer=off"])
    assert done.status == 0 and done.err == "", done.err
    lines = [line.split("|") for line in done.out.splitlines()]
    heading = next(i for i, line in enumerate(lines) if len(line) > 1)
    return lines[heading], lines[heading + 1 :]


def column(table, wanted):
    heading, rows = table
    return [row[heading.index(wanted)] for row in rows if len(row) == len(heading)]


def test_dt_lists_tables(psql):
    table = listing(psql, "\\dt")
    assert table[0] == ["Schema", "Name", "Type", "Owner"]
    assert {"every_type", "word"} <= set(column(table, "Name"))
    assert set(column(table, "Type")) == {"table"}


def test_dt_of_a_pattern(psql):
    table = listing(psql, "\\dt shop.*")
    assert column(table, "Schema") == ["shop"] and column(table, "Name") == ["customer"]


def test_dt_of_nothing(psql):
    done = psql("\\dt nowhere.*")
    assert "Did not find any relation named" in done.err


def test_dv_and_dm_list_views(psql):
    assert "beijing" in column(listing(psql, "\\dv shop.*"), "Name")
    table = listing(psql, "\\dm shop.*")
    assert column(table, "Name") == ["by_city"] and column(table, "Type") == ["materialized view"]


def test_d_lists_all_relations(psql):
    table = listing(psql, "\\d")
    names = dict(zip(column(table, "Name"), column(table, "Type")))
    assert names["every_type"] == "table" and names["word_count"] == "materialized view"


def test_d_of_a_table(psql):
    table = listing(psql, "\\d shop.customer")
    assert table[0] == ["Column", "Type", "Collation", "Nullable", "Default"]
    assert column(table, "Column")[:3] == ["id", "name", "city"]
    assert column(table, "Type")[:3] == ["bigint", "text", "character varying(40)"]
    assert column(table, "Nullable")[0] == "not null"


def test_d_plus(psql):
    done = psql("\\d+ shop.customer", options=LISTING)
    assert done.status == 0 and done.err == "", done.err
    assert "shop.customer" in done.out and "id|bigint" in done.out
    done = psql("\\d+ shop.by_city", options=LISTING)
    assert 'Materialized view "shop.by_city"' in done.out and "customers|bigint" in done.out, done.out + done.err
    done = psql("\\d+ shop.beijing", options=LISTING)
    assert "View definition:" in done.out, done.out + done.err


def test_d_names_every_type(psql):
    table = listing(psql, "\\d every_type")
    types = dict(zip(column(table, "Column"), column(table, "Type")))
    assert types["b"] == "boolean"
    assert types["i2"] == "smallint" and types["i4"] == "integer" and types["i8"] == "bigint"
    assert types["m"] == "numeric(10,2)" and types["f4"] == "real" and types["f8"] == "double precision"
    assert types["c"] == "character(4)" and types["v"] == "character varying(20)" and types["s"] == "text"
    assert types["bin"] == "bytea" and types["d"] == "date"
    assert types["ts"] == "timestamp(3) without time zone" and types["tz"] == "timestamp(3) with time zone"
    assert types["iv"].startswith("interval") and types["im"].startswith("interval")
    assert types["a4"] == "integer[]" and types["ax"] == "text[]" and types["am"] == "numeric(10,2)[]"
    assert types["mp"] == "json" and types["r"] == "json"


def test_d_of_nothing(psql):
    assert "Did not find any relation named" in psql("\\d nowhere_at_all").err


def test_dn_lists_schemas(psql):
    table = listing(psql, "\\dn")
    assert table[0] == ["Name", "Owner"]
    assert {"public", "shop", "ods", "ads"} <= set(column(table, "Name"))


def test_df_lists_functions(psql):
    table = listing(psql, "\\df")
    assert table[0] == ["Schema", "Name", "Result data type", "Argument data types", "Type"]
    assert ["sys", "lpad", "text", "text text, length integer, pad text", "func"] in table[1]
    assert ["sys", "bool_and", "boolean", "condition boolean", "agg"] in table[1]
    assert column(listing(psql, "\\df upp*"), "Name") == ["upper"]
    assert column(listing(psql, "\\dfa sys.*"), "Name").count("count") == 1


def test_l_lists_the_database(psql, server):
    assert server.database in column(listing(psql, "\\l"), "Name")


def test_du_lists_roles(psql):
    table = listing(psql, "\\du")
    assert table[0][0] == "Role name"
    row = next(row for row in table[1] if row[0] == "millrace")
    assert "Superuser" in row[1]


@pytest.mark.parametrize("command", ["\\di", "\\ds", "\\dT", "\\dp", "\\dx", "\\db", "\\dd", "\\dy", "\\det", "\\z"])
def test_other_listings_answer(psql, command):
    done = psql(command, options=LISTING)
    assert done.status == 0 and "ERROR" not in done.err, done.err


def test_conninfo(psql, server):
    done = psql("\\conninfo")
    assert f'You are connected to database "{server.database}" as user "{server.user}"' in done.out


def test_watch_runs_again(server):
    # psql 15 has no count for \watch: it is interrupted when it has printed the third result.
    argv = ["psql", "-X", "-w", "-At", server.url]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdin.write("SELECT 'rows', COUNT(*) FROM shop.customer \\watch 0.05\n")
    process.stdin.flush()
    seen = 0
    for line in process.stdout:
        seen += line == "rows|3\n"
        if seen == 3:
            break
    process.kill()
    process.communicate(timeout=60)
    assert seen == 3


def test_copy_to_and_from_a_file(psql, tmp_path, name):
    path = tmp_path / "customers.csv"
    done = psql(f"\\copy shop.customer TO '{path}' WITH (FORMAT csv, HEADER)")
    assert done.out.strip() == "COPY 3", done.err
    assert sorted(path.read_text("utf-8").splitlines()[1:]) == ["1,甲,beijing", "2,乙,shanghai", "3,丙,beijing"]
    psql(f"CREATE TABLE {name} (id BIGINT, name STRING, city STRING)")
    done = psql(f"\\copy {name} FROM '{path}' WITH (FORMAT csv, HEADER)")
    assert done.out.strip() == "COPY 3", done.err
    assert psql(f"SELECT id, name FROM {name} WHERE city = 'beijing' ORDER BY id").out == "1|甲\n3|丙\n"


def test_copy_of_a_query(psql, tmp_path):
    path = tmp_path / "cities.tsv"
    done = psql(f"\\copy (SELECT city, customers FROM shop.by_city ORDER BY city) TO '{path}'")
    assert done.out.strip() == "COPY 2", done.err
    assert path.read_text("utf-8") == "beijing\t2\nshanghai\t1\n"


def test_gdesc_describes_without_running(psql):
    done = psql(stdin="SELECT id, name, CAST(1 AS DECIMAL(10, 2)) AS m FROM shop.customer \\gdesc\n")
    assert done.out.splitlines() == ["id|bigint", "name|text", "m|numeric(10,2)"], done.err


def test_crosstab_and_gset(psql):
    done = psql(stdin="SELECT 7 AS seven \\gset\n\\echo :seven\n")
    assert done.out == "7\n", done.err


class Terminal:
    """psql at a terminal, as a person has it."""

    def __init__(self, server):
        self.child, self.fd = pty.fork()
        if self.child == 0:
            os.environ.update(TERM="xterm", INPUTRC="/dev/null", PSQL_PAGER="", LC_ALL="C.UTF-8", PSQL_HISTORY="/dev/null")
            os.execvp("psql", ["psql", "-X", "-w", server.url])

    def read_until(self, pattern, seconds=60):
        """All that comes up to a match; fails after so many seconds."""
        data, deadline = b"", time.monotonic() + seconds
        while not re.search(pattern.encode(), data):
            ready, _, _ = select.select([self.fd], [], [], max(deadline - time.monotonic(), 0))
            assert ready, f"no {pattern!r} in {data!r}"
            # The bell says that there is more than one completion.
            data += os.read(self.fd, 65536).replace(b"\a", b"")
        return data.decode("utf-8", "replace")

    def type(self, text):
        os.write(self.fd, text.encode())

    def close(self):
        os.kill(self.child, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.child, 0)


@pytest.fixture
def terminal(server):
    term = Terminal(server)
    term.read_until(f"{server.database}=[#>] ")
    yield term
    term.close()


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("SELECT * FROM shop.cust\t", "shop.customer"),
        ("SELECT * FROM every_\t", "every_type"),
        ("SELECT * FROM word_c\t", "word_count"),
        ("\\d shop.by_\t", "shop.by_city"),
        ("\\dt sho\t", "shop."),
        ("SET search_\t", "search_path"),
        ("CREATE TA\t", "CREATE TABLE"),
    ],
)
def test_completion(terminal, typed, completed):
    terminal.type(typed)
    terminal.read_until(re.escape(completed))
