"""psql: statements, errors, cancel, subscriptions, COPY."""

import signal
import subprocess

from conftest import ENDLESS, TYPES


def test_definitions_rows_and_queries(psql, name):
    done = psql(
        f"CREATE TABLE {name} (id INT, city STRING, amount DECIMAL(10, 2), PRIMARY KEY (id) NOT ENFORCED)",
        f"INSERT INTO {name} VALUES (1, '北京', 1.50), (2, NULL, 2.25)",
        f"SELECT * FROM {name} ORDER BY id",
        f"CREATE MATERIALIZED VIEW {name}_sum AS SELECT SUM(amount) AS total FROM {name}",
        f"SELECT total FROM {name}_sum",
        f"DROP MATERIALIZED VIEW {name}_sum",
        f"DROP TABLE {name}",
    )
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == "CREATE TABLE"
    assert lines[1] == "INSERT 0 2"
    assert lines[2:4] == ["1|北京|1.50", "2||2.25"]
    assert "3.75" in lines


def test_every_type_is_printed_as_postgresql_does(psql):
    done = psql("COPY (SELECT * FROM every_type ORDER BY id) TO STDOUT")
    assert done.status == 0, done.err
    assert done.out == TYPES.read_text("utf-8")


def test_every_type_goes_out_and_comes_back(psql, name):
    shape = psql("SHOW CREATE TABLE every_type")
    assert shape.status == 0, shape.err
    made = psql(shape.out[shape.out.index("CREATE TABLE") :].replace("every_type", name, 1))
    assert made.status == 0, made.err
    for options in ("", " WITH (FORMAT csv, HEADER)"):
        sent = psql(f"COPY every_type TO STDOUT{options}")
        assert sent.status == 0, sent.err
        taken = psql(f"COPY {name} FROM STDIN{options}", stdin=sent.out)
        assert taken.status == 0, taken.err
        assert taken.out.strip() == "COPY 4"
        back = psql(f"COPY (SELECT * FROM {name} ORDER BY id) TO STDOUT")
        assert back.out == TYPES.read_text("utf-8")


def test_copy_names_the_wrong_line(psql, name):
    psql(f"CREATE TABLE {name} (id INT, n INT)")
    done = psql(f"COPY {name} FROM STDIN", stdin="1\t2\n3\tmany\n")
    assert done.status != 0
    assert "many" in done.err
    assert psql(f"SELECT COUNT(*) FROM {name}").out.strip() == "0"


def test_parameters(psql):
    done = psql(stdin="SELECT $1 || $2 AS both, $3 + 1 AS more \\bind 'a' 'b' 41 \\g\n")
    if "invalid command \\bind" in done.err:  # psql 15 has none
        done = psql("PREPARE q(text, text, int) AS SELECT $1 || $2, $3 + 1", "EXECUTE q('a', 'b', 41)")
        assert done.out.splitlines()[-1:] == ["ab|42"], done.err
    else:
        assert done.out == "ab|42\n", done.err


def test_an_error_says_where_and_what_would_work(psql):
    done = psql("\\set VERBOSITY verbose", "SELECT nam FROM shop.customer")
    assert done.status == 1
    assert "42703" in done.err
    assert "LINE 1: SELECT nam FROM shop.customer" in done.err
    assert "\n               ^" in done.err  # below the n of nam
    assert "HINT:" in done.err and "name" in done.err.split("HINT:")[1]


def test_the_place_of_an_error_is_counted_in_characters(psql):
    done = psql("SELECT '北京', nam FROM shop.customer")
    marker = next(line for line in done.err.splitlines() if line.strip() == "^")
    statement = next(line for line in done.err.splitlines() if line.startswith("LINE 1:"))
    # psql aligns by width; 北京 takes four places.
    assert marker.index("^") == statement.index("nam") + 2


def test_an_error_in_a_block_fails_the_block(psql):
    done = psql(stdin="\\set VERBOSITY verbose\nBEGIN;\nSELECT nowhere;\nSELECT 1;\nROLLBACK;\nSELECT 2;\n")
    assert "25P02" in done.err
    assert done.out.splitlines() == ["BEGIN", "ROLLBACK", "2"]


def test_several_statements_in_one_message(psql):
    assert psql("SELECT 1; SELECT 2; SELECT 3").out.split() == ["1", "2", "3"]
    assert psql("").status == 0


def test_settings(psql):
    done = psql("SET application_name = 'tests'", "SHOW application_name", "SHOW server_version", "SHOW TimeZone")
    lines = done.out.splitlines()
    assert lines[:2] == ["SET", "tests"], done.err
    assert int(lines[2].split(".")[0]) >= 14
    assert lines[3] == "UTC"


def test_statement_timeout(psql):
    done = psql("SET statement_timeout = '200ms'", "\\set VERBOSITY verbose", ENDLESS, timeout=30)
    assert "57014" in done.err, done.err


def interrupt_when(server, output, *commands):
    """Runs psql and, when it has printed `output`, interrupts it as Ctrl-C does, until it has ended."""
    argv = ["stdbuf", "-oL", "psql", "-X", "-w", "-At", server.url, "-v", "VERBOSITY=verbose"]
    for command in commands:
        argv += ["-c", command]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seen = []
    for line in process.stdout:
        seen.append(line.rstrip("\n"))
        if output in line:
            break
    # An interrupt between two statements is lost.
    for _ in range(100):
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=0.3)
            return seen + out.splitlines(), err
        except subprocess.TimeoutExpired:
            pass
    process.kill()
    process.communicate()
    raise AssertionError("interrupts did not end the statement")


def test_ctrl_c_cancels_a_query(server):
    lines, err = interrupt_when(server, "begun", "SELECT 'begun'", ENDLESS)
    assert lines == ["begun"] and "57014" in err


def test_ctrl_c_ends_a_subscription(server):
    lines, err = interrupt_when(server, "shanghai", "COPY (SUBSCRIBE TO shop.by_city) TO STDOUT")
    assert "57014" in err
    assert {tuple(line.split("\t")[1:]) for line in lines} == {("+I", "beijing", "2"), ("+I", "shanghai", "1")}


def test_a_cursor_over_a_subscription(psql):
    done = psql(
        stdin="BEGIN;\nDECLARE c CURSOR FOR SUBSCRIBE TO shop.by_city;\n"
        "FETCH 2 FROM c WITH (TIMEOUT = '30s');\nFETCH 1 FROM c WITH (TIMEOUT = '50ms');\nCLOSE c;\nCOMMIT;\n"
    )
    assert done.err == ""
    rows = [line.split("|") for line in done.out.splitlines() if "|" in line]
    assert sorted(row[1:] for row in rows) == [["+I", "beijing", "2"], ["+I", "shanghai", "1"]]


def test_fetch_count_reads_by_a_cursor(psql):
    done = psql("\\set FETCH_COUNT 1", "SELECT id FROM shop.customer ORDER BY id")
    assert done.out.split() == ["1", "2", "3"], done.err


def test_the_host_is_out_of_reach(psql):
    for statement in (
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "COPY shop.customer TO '/tmp/millrace_clients_escape'",
        "COPY shop.customer FROM '/etc/passwd'",
        "ATTACH '/tmp/millrace_clients_escape.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT getenv('HOME')",
    ):
        done = psql(statement)
        assert done.status == 1 and "ERROR" in done.err, statement
        assert "root:" not in done.out + done.err
