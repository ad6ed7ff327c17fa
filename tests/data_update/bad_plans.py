"""What can be wrong with a database, a plan and the options, each with its message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from data_update.plan_file import Plan
from tests.data_update.desk import GOOD, PARTY, Case, Desk, call
from tests.data_update.planned import applied


def not_a_database(desk: Desk) -> list[object]:
    file = desk.folder / "notes.txt"
    file.write_text("no database\n" * 100)
    return desk.make_plan("--database", file)


def without_a_table(desk: Desk) -> list[object]:
    desk.sql("DROP TABLE registrations")
    return desk.make_plan()


def without_a_column(desk: Desk) -> list[object]:
    desk.sql("ALTER TABLE anchor_slots RENAME COLUMN remote_party_id TO owner")
    return desk.make_plan()


DATABASES: dict[str, Case] = {
    "no such file": (
        lambda desk: desk.make_plan("--database", desk.folder / "lost.sqlite"),
        ["{folder}/lost.sqlite: there is no such file; give the path of the S1SP's database"],
    ),
    "not a database": (
        not_a_database,
        ["{folder}/notes.txt", "file is not a database; give the path of the S1SP's database"],
    ),
    "a table is missing": (
        without_a_table,
        ["{database}: there is no table registrations; give --layout with the names of this database"],
    ),
    "a column is missing": (
        without_a_column,
        ["{database}: table anchor_slots has no column remote_party_id; give --layout"],
    ),
    "an estate that is not there": (
        lambda desk: desk.make_plan("--estate", "mian"),
        [
            "{database}: table devices has no dev",
            "estate mian that could have a Network Operator slot",
            "correct --estate",
        ],
    ),
    "another kind of database": (
        lambda desk: desk.make_plan("--database", "mysql://me:s3cret@server/s1sp"),
        ["mysql://me:***@server/s1sp: SQLite or PostgreSQL is expected"],
    ),
    "a URL that is none": (
        lambda desk: desk.make_plan("--database", "postgresql://me:s3cret@server:port/s1sp"),
        ["postgresql://…: not a URL: expected the path of a SQLite file or postgresql://…"],
    ),
    "a server that is not there": (
        lambda desk: desk.make_plan("--database", "postgresql://me:s3cret@127.0.0.1:1/s1sp"),
        ["postgresql+psycopg://me:***@127.0.0.1:1/s1sp: opening it: connection failed", "; see the host and"],
    ),
    "a socket that is not there": (
        lambda desk: desk.apply("--database", "postgresql://me:s3cret@/s1sp?host=/nowhere"),
        ["me:***@/s1sp", "; see the host of the URL, and whether the server runs"],
    ),
}


def cut_off(desk: Desk) -> list[object]:
    desk.plan.write_bytes(desk.plan.read_bytes()[:-100])
    return desk.apply()


def edited(desk: Desk) -> list[object]:
    device = next(Plan(desk.plan).rows()).device_id
    desk.plan.write_text(desk.plan.read_text("utf-8").replace(device, device[:-1] + "x", 1), "utf-8")
    return desk.apply()


def of_another_version(desk: Desk) -> list[object]:
    desk.plan.write_text(desk.plan.read_text("utf-8").replace('"version":1', '"version":9', 1), "utf-8")
    return desk.apply()


def of_another_database(desk: Desk) -> list[object]:
    device = next(Plan(desk.plan).rows()).device_id
    desk.sql(f"UPDATE devices SET device_id = 'other' WHERE device_id = '{device}'")
    return desk.apply()


def registrations_changed(desk: Desk) -> list[object]:
    row = next(Plan(desk.plan).rows())
    desk.sql(f"UPDATE registrations SET user_id = '{PARTY[:-2]}99' WHERE mpxn = '{row.mpxn}'")
    return desk.apply()


def other_registrations(desk: Desk) -> list[object]:
    mpxn = next(row.mpxn for row in Plan(desk.plan).rows() if row.device_type == "ESME")
    first, plan = desk.with_registrations(f"{mpxn},ED,NRTH,2021-06-30"), desk.folder / "new.plan"
    assert call(first)[0] == 0
    desk.with_registrations(f"{mpxn},ED,NRTH,2021-07-30")
    return desk.apply("--registrations", desk.registrations, plan=plan)


def no_registrations_wanted(desk: Desk) -> list[object]:
    desk.with_registrations(GOOD)
    return desk.apply("--registrations", desk.registrations)


def window_that_is_closed(desk: Desk) -> list[object]:
    now = datetime.now(UTC)
    opens, closes = now + timedelta(hours=2), now + timedelta(hours=4)
    return desk.apply("--window", f"{opens:%H:%M}-{closes:%H:%M}")


def unknown_device(desk: Desk) -> list[object]:
    applied(str(desk.database), Plan(desk.plan))
    devices = desk.folder / "devices.txt"
    devices.write_text(f"{next(Plan(desk.plan).rows()).device_id}\nunknown\n")
    return ["rollback", desk.plan, "--database", desk.database, "--devices", devices]


def verified_of_another_plan(desk: Desk) -> list[object]:
    applied(str(desk.database), Plan(desk.plan))
    call(
        ["verify", desk.plan, "--database", desk.database, "--no-baseline", "--json", desk.folder / "v.json"]
    )
    assert call(desk.make_plan())[0] == 0
    return [
        "report",
        desk.folder / "new.plan",
        "--database",
        desk.database,
        "--verified",
        desk.folder / "v.json",
    ]


PLANS: dict[str, Case] = {
    "no such plan": (
        lambda desk: desk.apply(plan=desk.folder / "lost.plan"),
        ["{folder}/lost.plan: cannot be read: No such file or directory"],
    ),
    "a plan that exists already": (
        lambda desk: ["plan", desk.plan, *desk.make_plan()[2:]],
        ["{plan}: exists already; give another name, or remove it"],
    ),
    "a folder that does not exist": (
        lambda desk: ["plan", desk.folder / "lost" / "new.plan", *desk.make_plan()[2:]],
        ["{folder}/lost/new.plan: cannot be written: No such file or directory; give another folder"],
    ),
    "not a plan": (
        lambda desk: desk.apply(plan=desk.certificates),
        ["{list}: not a plan of the data update"],
    ),
    "cut off": (cut_off, ["{plan}: not a plan of the data update, or not a whole one"]),
    "edited": (edited, ["{plan}: ", "it was edited; make the plan anew"]),
    "of another version": (of_another_version, ["{plan}: ", "version 1 of the format is expected, found 9"]),
    "of another database": (
        of_another_database,
        ["{plan}: does not match database {database}", "give that database, or make the plan anew"],
    ),
    "registrations changed since": (
        registrations_changed,
        ["{plan}: no longer matches Registration Data", "has changed for", "make the plan anew"],
    ),
    "another file of registrations": (
        other_registrations,
        ["{registrations}: not the Registration Data {folder}/new.plan was made with", "make the plan anew"],
    ),
    "registrations that are not wanted": (
        no_registrations_wanted,
        [
            "{registrations}: {plan} was made with the Registration Data of the database",
            "leave --registrations out",
        ],
    ),
    "a closed window": (
        window_that_is_closed,
        ["the maintenance window is ", "run the command when it is open"],
    ),
    "no window": (
        lambda desk: desk.apply("--window", "tonight"),
        ["'--window'", 'expected "22:00-05:00"', "found 'tonight'"],
    ),
    "a window of no zone": (
        lambda desk: desk.apply("--window", "22:00-05:00 Europe/Lundon"),
        ["'--window'", "Europe/Lundon"],
    ),
    "rate 0": (lambda desk: desk.apply("--rate", "0"), ["'--rate'", "0"]),
    "batch 0": (lambda desk: desk.apply("--batch", "0"), ["'--batch'", "0 is not in the range x>=1"]),
    "a time without zone": (
        lambda desk: desk.make_plan("--at", "2026-03-01T12:00:00"),
        ["'--at'", "expected a date-time with zone such as 2026-03-01T12:00:00Z"],
    ),
    "an unknown device to roll back": (unknown_device, ["{folder}/devices.txt:2: unknown"]),
    "a rollback of what was never applied": (
        lambda desk: ["rollback", desk.plan, "--database", desk.database],
        ["{database}", "plan"],
    ),
    "a verification of another plan": (
        verified_of_another_plan,
        [
            "{folder}/new.plan: the verification is that of another plan",
            "verify this plan with verify --json",
        ],
    ),
    "a verification that is none": (
        lambda desk: ["report", desk.plan, "--database", desk.database, "--verified", desk.certificates],
        ["{list}: not what `verify --json` writes"],
    ),
    "a report into no folder": (
        lambda desk: [
            "report",
            desk.plan,
            "--database",
            desk.database,
            "-o",
            desk.folder / "lost" / "r.html",
        ],
        ["{folder}/lost/r.html: cannot be written: No such file or directory; give another path"],
    ),
}
