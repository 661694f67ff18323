"""Roles of people and places. What each may say stands in ``roles``."""

from enum import StrEnum


class Role(StrEnum):
    """As what somebody is in a room."""

    VIEWER = "viewer"
    PARTICIPANT = "participant"
    SPEAKER = "speaker"
    INTERPRETER = "interpreter"
    MODERATOR = "moderator"
    TECHNICIAN = "technician"
    ORGANISER = "organiser"
    VENUE = "venue"
