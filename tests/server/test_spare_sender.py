"""The hall's second sender: what it feeds, when its presence makes the engine less patient, and who is heard."""

from __future__ import annotations

from interpreting.ids import RoomId
from interpreting.roles import Role
from media.publishing import SILENT_AFTER_S, SILENT_BEFORE_A_SPARE_S
from server.tokens import Invitation, issue, read
from tests.server.conftest import OFFER, SECRET, Site

BOTH = ("plenary/venue", "plenary/backup")


def backup(site: Site) -> Invitation:
    return Invitation.new(RoomId("plenary"), Role.VENUE, is_backup=True, id="backup", now=site.now())


async def test_a_backups_invitation_feeds_the_backup_with_sound_and_picture(site: Site) -> None:
    await site.whip(site.invite(Role.VENUE))
    await site.whip(backup(site))
    assert set(site.engine.publishers.values()) == {(name, name) for name in BOTH}, "neither took the other's place"


async def test_the_engine_is_quick_to_lose_one_of_two_and_patient_with_one_alone(site: Site) -> None:
    await site.engine.flow("plenary/venue")
    assert site.engine.patience == {}
    await site.engine.flow("plenary/backup")
    assert site.engine.patience == dict.fromkeys(BOTH, SILENT_BEFORE_A_SPARE_S)
    await site.engine.fall_silent("plenary/venue")
    assert site.engine.patience == dict.fromkeys(BOTH, SILENT_AFTER_S)


async def test_the_backup_takes_over_and_the_way_back_is_by_hand(site: Site) -> None:
    technician = await site.page(site.invite(Role.TECHNICIAN))
    for source in BOTH:
        await site.engine.flow(source)
    assert (site.engine.gains("plenary/floor"), site.engine.pictures["plenary"]) == (
        {"plenary/venue": 1.0},
        "plenary/venue",
    )
    await site.engine.fall_silent("plenary/venue")
    assert (site.engine.gains("plenary/floor"), site.engine.pictures["plenary"]) == (
        {"plenary/backup": 1.0},
        "plenary/backup",
    )
    await site.engine.flow("plenary/venue")
    assert site.engine.gains("plenary/floor") == {"plenary/backup": 1.0}
    assert (await technician.say("select_venue", source="venue"))["type"] == "done"
    assert site.engine.gains("plenary/floor") == {"plenary/venue": 1.0}


async def test_the_page_of_the_backup_knows_what_it_is(site: Site) -> None:
    invited = backup(site)
    headers = {"Cookie": f"tolmach_backup={issue(SECRET, invited)}"}
    page = await (await site.client.get("/r/plenary/venue?as=backup", headers=headers)).text()
    assert '"is_backup": true' in page
    assert 'id="backup-note"' in page
    assert read(SECRET, issue(SECRET, invited), now=site.now()) == invited
    wrong = await site.client.post("/whip/workshop-1", data=OFFER, headers=site.bearer(invited))
    assert wrong.status == 403
